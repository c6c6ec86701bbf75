// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <boost/program_options/value_semantic.hpp>
#include <iostream>

#include "attack_choice.hpp"
#include "attack_export.hpp"
#include "attack_preview.hpp"
#include "command.hpp"
#include "engine/executor.hpp"
#include "engine/lock.hpp"
#include "engine/workshop.hpp"
#include "running.hpp"

namespace ncmlab::app {
namespace {

namespace po = boost::program_options;

void add_choices(Syntax& syntax) {
  syntax.options.add_options()
      // clang-format off
      ("attack", po::value<std::string>()->value_name("NAME"),
       "which attack of the experiment; need not be given where there is one")
      ("task", po::value<std::string>()->value_name("NAME"), "which task; by default the first")
      ("seed", po::value<std::int64_t>()->value_name("N"), "which seed; by default the first")
      ("store", po::value<std::string>()->value_name("DIR")->default_value("ncmlab-runs"),
       "where the poisoned training set is kept, for `ncmlab run` too");
  // clang-format on
  add_threads_option(syntax);
}

/// Calls `use` with what the attack made of the corpus.
template <typename Use>
int with_poisoned_corpus(const Arguments& arguments, const Syntax& syntax,
                         const po::variables_map& values, const Use& use) {
  const std::string file = required_word(values, "FILE", syntax);
  set_threads(values);
  const Plugins plugins = load_plugins(arguments);
  const Plan plan = make_plan(open_experiment(file, plugins), plugins.catalogue);
  const Cell cell = choose_attack_cell(plan, values);
  const std::filesystem::path root = values["store"].as<std::string>();
  const StoreLock lock(root);
  Store store(root);
  store.sweep();
  catch_signals();
  ConsoleProgress progress(std::cerr, progress_options(arguments));
  try {
    const PoisonedCorpus corpus = poison_corpus(plan, plugins.catalogue, cell, store, progress);
    progress.clear_line();
    Workshop workshop(plan, plugins.catalogue, progress);
    use(workshop, cell.subject, corpus);
    return kOk;
  } catch (const Cancelled&) {
    progress.clear_line();
    std::cerr << "interrupted\n";
    return kInterrupted;
  }
}

int preview(const Arguments& arguments) {
  Syntax syntax{
      .usage = "ncmlab attack preview FILE [OPTIONS]",
      .summary =
          "Shows poisoned training samples beside the clean ones, what the model's tokenizer\n"
          "makes of each edit, and how much the edits of the attack stand out. Trains no model,\n"
          "unless the attack itself needs one.",
      .examples =
          "  ncmlab attack preview experiments/quickstart.toml\n"
          "  ncmlab attack preview experiments/devign.toml --attack badcode --n 10",
      .positional = {"FILE"}};
  add_choices(syntax);
  syntax.options.add_options()
      // clang-format off
      ("model", po::value<std::string>()->value_name("NAME"),
       "whose tokenizer; by default the first model's")
      ("n", po::value<int>()->value_name("N")->default_value(3), "how many samples are shown");
  // clang-format on
  const auto values = parse(arguments, syntax);
  if (!values) {
    return kOk;
  }
  const int count = (*values)["n"].as<int>();
  if (count < 0) {
    throw Error("usage.bad-value", "`--n` takes 0 and more, found " + std::to_string(count));
  }
  return with_poisoned_corpus(
      arguments, syntax, *values,
      [&](Workshop& workshop, const Subject& subject, const PoisonedCorpus& corpus) {
        const int columns = columns_of(STDOUT_FILENO);
        std::cout << render_preview(workshop, subject, corpus,
                                    {.samples = static_cast<std::size_t>(count),
                                     .width = columns > 0 ? columns : kPreviewWidth,
                                     .colour = use_color(arguments, STDOUT_FILENO)});
      });
}

int write_export(const Arguments& arguments) {
  Syntax syntax{
      .usage = "ncmlab attack export FILE --out DIR [OPTIONS]",
      .summary =
          "Writes the poisoned data set in the form that it was read in, so that it can be "
          "trained\n"
          "on elsewhere: DIR/data (training split poisoned, the others clean), DIR/triggered "
          "(test\n"
          "samples with the trigger and their true labels) and DIR/ground_truth.json (what was\n"
          "poisoned, with which words, for which goals).",
      .examples =
          "  ncmlab attack export experiments/quickstart.toml --out poisoned\n"
          "  ncmlab attack export experiments/devign.toml --attack badcode --out /data/badcode",
      .positional = {"FILE"}};
  add_choices(syntax);
  syntax.options.add_options()
      // clang-format off
      ("out", po::value<std::string>()->value_name("DIR"), "folder to write; must not exist");
  // clang-format on
  const auto values = parse(arguments, syntax);
  if (!values) {
    return kOk;
  }
  if (values->count("out") == 0) {
    throw Error("usage.missing-argument", "`--out DIR` is missing: where to write");
  }
  const std::filesystem::path out = (*values)["out"].as<std::string>();
  if (std::filesystem::exists(out)) {
    throw Error("io.exists", "`" + out.string() + "` exists already",
                {"name a folder that does not exist"});
  }
  return with_poisoned_corpus(
      arguments, syntax, *values,
      [&](Workshop& workshop, const Subject& subject, const PoisonedCorpus& corpus) {
        export_poisoned(workshop, subject, corpus, out);
        std::cout << out.string() << ": " << corpus.poisoning.set.poisoned.size() << " of "
                  << corpus.clean.train.size() << " training samples poisoned, "
                  << corpus.poisoning.triggered.examples.size()
                  << " test samples with the trigger, " << corpus.poisoning.triggered.unedited
                  << " left unedited\n";
      });
}

constexpr std::string_view kHelp =
    "Commands:\n"
    "  preview   show poisoned samples beside the clean ones\n"
    "  export    write the poisoned data set in the task's own format\n\n"
    "`ncmlab attack COMMAND --help` lists the options of a command.";

}  // namespace

int command_attack(const Arguments& arguments) {
  return run_subcommand(arguments, "attack", kHelp,
                        {{"preview", preview}, {"export", write_export}});
}

}  // namespace ncmlab::app
