// SPDX-License-Identifier: Apache-2.0
#include <boost/program_options/value_semantic.hpp>
#include <cmath>
#include <iostream>

#include "checkpoint/convert.hpp"
#include "checkpoint/diff.hpp"
#include "checkpoint/inspect.hpp"
#include "checkpoint/verify.hpp"
#include "command.hpp"
#include "ncmlab/networks/device.hpp"

namespace ncmlab::app {
namespace {

namespace po = boost::program_options;

std::string option(const po::variables_map& values, const char* name) {
  return values.count(name) != 0 ? values[name].as<std::string>() : std::string();
}

int inspect(const Arguments& arguments) {
  Syntax syntax{
      .usage = "ncmlab checkpoint inspect SOURCE [--config FILE] [--json]",
      .summary =
          "Prints the tensors of a checkpoint and what they are to the model, and checks them\n"
          "against its config.json. SOURCE is a folder or a file: safetensors, an index of\n"
          "shards, pytorch_model.bin or model.bin. Nothing in a file is executed.\n"
          "Exit code 0: the weights fit the config, 5: they do not, or cannot be read.",
      .examples = "  ncmlab checkpoint inspect codebert-base",
      .positional = {"SOURCE"}};
  syntax.options.add_options()("config", po::value<std::string>()->value_name("FILE"),
                               "config.json, if it is not beside the weights")("json", "as JSON");
  const auto values = parse(arguments, syntax);
  if (!values) {
    return kOk;
  }
  const std::string source = required_word(*values, "SOURCE", syntax);
  const Checkpoint checkpoint = read_checkpoint(source, option(*values, "config"));
  std::cout << (values->count("json") != 0 ? inspect_json(checkpoint) : inspect_text(checkpoint));
  check_against_config(checkpoint);
  return kOk;
}

int convert(const Arguments& arguments) {
  Syntax syntax{
      .usage = "ncmlab checkpoint convert SOURCE TARGET [--config FILE] [--tokenizer DIR]",
      .summary =
          "Writes a checkpoint in another form. No number and no element type changes.\n"
          "TARGET decides the form:\n"
          "  NAME.bin          a torch pickle of the whole model, names encoder.* and\n"
          "                    classifier.*, for torch.load(weights_only=True)\n"
          "  NAME.safetensors  the same names as safetensors\n"
          "  NAME              a folder for from_pretrained: config.json, model.safetensors,\n"
          "                    the tokenizer's files; the head in classifier.safetensors\n"
          "Exit code 0: written, 5: SOURCE cannot be read or TARGET exists.",
      .examples =
          "  ncmlab checkpoint convert model.bin victim --config codebert/config.json\n"
          "  ncmlab checkpoint convert victim model.bin",
      .positional = {"SOURCE", "TARGET"}};
  syntax.options.add_options()("config", po::value<std::string>()->value_name("FILE"),
                               "config.json, if it is not beside the weights")(
      "tokenizer", po::value<std::string>()->value_name("DIR"),
      "folder of the tokenizer's files, if they are not beside the weights");
  const auto values = parse(arguments, syntax);
  if (!values) {
    return kOk;
  }
  const std::string source = required_word(*values, "SOURCE", syntax);
  const std::string target = required_word(*values, "TARGET", syntax);
  const Checkpoint checkpoint = read_checkpoint(source, option(*values, "config"));
  for (const std::string& note :
       ncmlab::convert(checkpoint, target, option(*values, "tokenizer"))) {
    print(arguments,
          Diagnostic{.severity = Severity::note, .code = "checkpoint.converted", .message = note});
  }
  return kOk;
}

int diff(const Arguments& arguments) {
  Syntax syntax{
      .usage = "ncmlab checkpoint diff FIRST SECOND [--json]",
      .summary =
          "Compares two checkpoints tensor by tensor, whatever their formats and the prefixes\n"
          "of their names. Prints `bit-identical`, or each tensor that differs with the\n"
          "largest absolute difference, or both shapes.\n"
          "Exit code 0: bit-identical, 7: different, 5: one cannot be read.",
      .examples = "  ncmlab checkpoint diff codebert-base model.bin",
      .positional = {"FIRST", "SECOND"}};
  syntax.options.add_options()("json", "as JSON");
  const auto values = parse(arguments, syntax);
  if (!values) {
    return kOk;
  }
  const std::string first = required_word(*values, "FIRST", syntax);
  const std::string second = required_word(*values, "SECOND", syntax);
  const CheckpointDiff result = ncmlab::diff(read_checkpoint(first), read_checkpoint(second));
  std::cout << (values->count("json") != 0 ? to_json(result) : to_text(result));
  return result.bit_identical() ? kOk : kCheckFailed;
}

int verify(const Arguments& arguments) {
  Syntax syntax{
      .usage =
          "ncmlab checkpoint verify CASE [--tolerance NUMBER] [--precision NAME]\n"
          "                              [--device NAME] [--json]",
      .summary =
          "Runs a model on a recorded batch and compares with what another implementation\n"
          "computed: hidden states, sentence vectors, logits, probabilities, loss, the\n"
          "gradient of the input embeddings, three training steps. Prints the largest\n"
          "deviation of each. framework/docs/checkpoints.md says how to record a CASE.\n"
          "Exit code 0: all within the tolerance, 7: not, 5: the case cannot be read.",
      .examples = "  ncmlab checkpoint verify cases/codebert_defect",
      .positional = {"CASE"}};
  syntax.options.add_options()(
      "tolerance", po::value<double>()->default_value(1e-5, "1e-5")->value_name("NUMBER"),
      "largest allowed absolute deviation (gradient norms: relative)")(
      "precision", po::value<std::string>()->default_value("fp32")->value_name("NAME"),
      "fp32, or bf16 to see how far matrix products in bfloat16 lead")(
      "device", po::value<std::string>()->default_value("cpu")->value_name("NAME"),
      "cpu, cuda:N or auto")("json", "as JSON");
  const auto values = parse(arguments, syntax);
  if (!values) {
    return kOk;
  }
  const std::string folder = required_word(*values, "CASE", syntax);
  const double tolerance = (*values)["tolerance"].as<double>();
  if (!(tolerance >= 0) || std::isinf(tolerance)) {
    throw Error("usage.bad-value", "`--tolerance` takes a number that is not negative");
  }
  const std::string name = (*values)["precision"].as<std::string>();
  const auto precision = from_string<Precision>(name);
  if (!precision) {
    throw Error("usage.bad-value",
                "`--precision` takes " + listed_names<Precision>() + ", not `" + name + "`");
  }
  const CaseReport report = verify_case(folder, tolerance, *precision,
                                        find_device((*values)["device"].as<std::string>()));
  std::cout << (values->count("json") != 0 ? to_json(report) : to_text(report));
  return report.passed() ? kOk : kCheckFailed;
}

constexpr std::string_view kHelp =
    "Commands:\n"
    "  inspect  list the tensors of a checkpoint and check them against its config\n"
    "  convert  write a checkpoint in another form: a Hugging Face folder, model.bin\n"
    "  diff     compare two checkpoints bit by bit\n"
    "  verify   run a recorded case and compare every number\n\n"
    "`ncmlab checkpoint COMMAND --help` lists the options of a command.\n\n"
    "Model files are data: nothing in them is executed, and memory is reserved only for what the\n"
    "file really holds.";

}  // namespace

int command_checkpoint(const Arguments& arguments) {
  return run_subcommand(
      arguments, "checkpoint", kHelp,
      {{"inspect", inspect}, {"convert", convert}, {"diff", diff}, {"verify", verify}});
}

}  // namespace ncmlab::app
