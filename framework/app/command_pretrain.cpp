// SPDX-License-Identifier: Apache-2.0
#include <ATen/Parallel.h>

#include <boost/program_options/value_semantic.hpp>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "core/hash_folder.hpp"
#include "data/source_texts.hpp"
#include "language/pretraining.hpp"
#include "language/token_blocks.hpp"
#include "model/whitespace.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/core/hash.hpp"
#include "ncmlab/core/number_text.hpp"
#include "ncmlab/core/wording.hpp"
#include "ncmlab/networks/device.hpp"
#include "ncmlab/plugin/transformer_model.hpp"
#include "running.hpp"

namespace ncmlab::app {
namespace {

namespace po = boost::program_options;
namespace fs = std::filesystem;
using nlohmann::ordered_json;

// RoBERTa numbers positions from the padding id + 1.
constexpr std::int64_t kPositionOffset = 2;

Syntax syntax() {
  Syntax result{
      .usage = "ncmlab pretrain CORPUS --out DIR [OPTIONS]",
      .summary =
          "Trains a masked language model (RoBERTa) on unlabelled code: JSON lines, a source file\n"
          "or a folder of such files. DIR serves as `masked` of `[language_model]`, as\n"
          "`checkpoint` of a model, and for `RobertaForMaskedLM.from_pretrained`. The same "
          "command\n"
          "goes on with what was interrupted, after its last epoch. Never pretrain on the test\n"
          "functions of an experiment.",
      .examples =
          "  ncmlab pretrain code/ --out code-mlm --preset small --epochs 5\n"
          "  ncmlab pretrain train.jsonl --field func --tokenizer codebert-base --out code-mlm\n"
          "  ncmlab pretrain train.jsonl --from codebert-base-mlm --epochs 2 --out adapted-mlm",
      .positional = {"CORPUS"}};
  const TrainingOptions usual;
  result.options.add_options()
      // clang-format off
      ("out", po::value<std::string>()->value_name("DIR"), "folder to write; must not exist")
      ("field", po::value<std::string>()->value_name("NAME")->default_value("code"),
       "field of JSON lines that holds the code")
      ("keep-whitespace", po::bool_switch(), "white space as it is, not folded to single blanks")
      ("from", po::value<std::string>()->value_name("DIR"),
       "masked model to go on from, with its tokenizer")
      ("tokenizer", po::value<std::string>()->value_name("DIR"),
       "folder of the tokenizer; without it one is trained on the corpus")
      ("vocab-size", po::value<std::int64_t>()->value_name("N")->default_value(8000),
       "size of a tokenizer that is trained")
      ("preset", po::value<std::string>()->value_name("SIZE")->default_value("small"),
       "tiny, small or base")
      ("max-tokens", po::value<std::int64_t>()->value_name("N")->default_value(400),
       "longest row; longer texts are cut into several")
      ("held-out", po::value<double>()->value_name("SHARE")->default_value(0.05),
       "share of the texts that the model is judged by")
      ("epochs", po::value<std::int64_t>()->value_name("N")->default_value(10), "passes")
      ("batch-size", po::value<std::int64_t>()->value_name("N")->default_value(32),
       "rows of a step")
      ("learning-rate", po::value<double>()->value_name("RATE")->default_value(5e-4), "peak")
      ("warmup", po::value<double>()->value_name("SHARE")->default_value(0.06),
       "share of the steps until the peak")
      ("weight-decay", po::value<double>()->value_name("RATE")->default_value(0.01), "of AdamW")
      ("seed", po::value<std::int64_t>()->value_name("N")->default_value(1), "of all that is drawn")
      ("device", po::value<std::string>()->value_name("NAME")->default_value("auto"),
       "auto, cpu or cuda:N");
  // clang-format on
  add_threads_option(result);
  return result;
}

/// What was asked for, checked.
struct Request {
  SourceTexts corpus;
  fs::path out;
  std::string from, tokenizer, device;
  NetworkPreset preset = NetworkPreset::small;
  std::int64_t vocab_size = 0, max_tokens = 0, seed = 1;
  double held_out = 0;
  bool keeps_whitespace = false;
  TrainingOptions training;

  /// The state of what is not finished.
  fs::path state() const { return out.string() + ".training"; }
};

template <typename Number>
Number number(const po::variables_map& values, const char* name, Number low, Number high) {
  const auto value = values[name].as<Number>();
  if (!(value >= low && value <= high)) {
    throw Error("usage.bad-value",
                std::string("`--") + name + "` takes " + nlohmann::json(low).dump() + " to " +
                    nlohmann::json(high).dump() + ", found " + nlohmann::json(value).dump());
  }
  return value;
}

NetworkPreset preset_of(const std::string& name) {
  const auto preset = from_string<NetworkPreset>(name);
  if (!preset) {
    throw Error("usage.bad-value",
                "`--preset` takes " + listed_names<NetworkPreset>() + ", found `" + name + "`");
  }
  return *preset;
}

/// Refuses `given` beside `other`, which makes it mean nothing.
void refuse_beside(const po::variables_map& values, const char* given, const char* other) {
  if (values.count(given) != 0 && !values[given].defaulted() && values.count(other) != 0) {
    throw Error("usage.bad-option",
                std::string("`--") + given + "` has no effect beside `--" + other + "`",
                {std::string("leave out one of them")});
  }
}

Request read_request(const po::variables_map& values, const Syntax& syntax) {
  for (const char* given : {"tokenizer", "vocab-size", "preset"}) {
    refuse_beside(values, given, "from");
  }
  refuse_beside(values, "vocab-size", "tokenizer");
  Request request;
  request.corpus = {.path = required_word(values, "CORPUS", syntax),
                    .field = values["field"].as<std::string>()};
  if (values.count("out") == 0) {
    throw Error("usage.missing-argument", "`--out DIR` is missing: where to write");
  }
  request.out = values["out"].as<std::string>();
  if (request.out.filename().empty()) {
    request.out = request.out.parent_path();
  }
  if (fs::exists(request.out)) {
    throw Error("io.exists", "`" + request.out.string() + "` exists already",
                {"name a folder that does not exist"});
  }
  const auto text = [&](const char* name) {
    return values.count(name) == 0 ? std::string() : values[name].as<std::string>();
  };
  request.from = text("from");
  request.tokenizer = text("tokenizer");
  request.device = values["device"].as<std::string>();
  request.preset = preset_of(values["preset"].as<std::string>());
  request.vocab_size = number<std::int64_t>(values, "vocab-size", 300, 100'000);
  request.max_tokens = number<std::int64_t>(values, "max-tokens", 8, 4096);
  request.seed = number<std::int64_t>(values, "seed", 0, std::int64_t{1} << 53);
  request.held_out = number<double>(values, "held-out", 0.0, 0.9);
  request.keeps_whitespace = values["keep-whitespace"].as<bool>();
  request.training.epochs = number<std::int64_t>(values, "epochs", 1, 10'000);
  request.training.batch_size = number<std::int64_t>(values, "batch-size", 1, 65'536);
  request.training.learning_rate = number<double>(values, "learning-rate", 1e-9, 1.0);
  request.training.warmup = number<double>(values, "warmup", 0.0, 1.0);
  request.training.weight_decay = number<double>(values, "weight-decay", 0.0, 1.0);
  return request;
}

MaskedModel start_of(const Request& request, const std::vector<std::string>& texts,
                     const Rng& rng) {
  if (!request.from.empty()) {
    return MaskedModel::open(request.from);
  }
  auto tokenizer = std::make_shared<const Tokenizer>(
      request.tokenizer.empty()
          ? Tokenizer::train({texts.begin(), texts.end()}, {.vocab_size = request.vocab_size})
          : Tokenizer::from_folder(request.tokenizer));
  const NetworkSize size = size_of(request.preset);
  RobertaConfig config;
  config.vocab_size = tokenizer->vocab_size();
  config.hidden_size = size.hidden;
  config.num_hidden_layers = size.layers;
  config.num_attention_heads = size.heads;
  config.intermediate_size = size.intermediate;
  config.max_position_embeddings = request.max_tokens + kPositionOffset;
  return MaskedModel(std::move(tokenizer), config, rng.stream("weights"));
}

std::string folder_fingerprint(const fs::path& folder) {
  Hasher hasher;
  hash_folder(folder, hasher);
  return hasher.hex();
}

std::int64_t longest_row(const Request& request, const MaskedModel& model) {
  return std::min(request.max_tokens, model.encoder().shape().max_tokens);
}

/// All that the result depends on, for the folder and to know a state by.
ordered_json description(const Request& request, const MaskedModel& model,
                         const PartedTexts& texts) {
  const TrainingOptions& training = request.training;
  return {{"corpus", request.corpus.path.filename().string()},
          {"corpus_fingerprint", fingerprint(request.corpus)},
          {"texts", texts.train.size()},
          {"held_out_texts", texts.held_out.size()},
          {"whitespace", request.keeps_whitespace ? "kept" : "folded"},
          {"tokenizer_fingerprint", model.tokenizer().fingerprint()},
          {"starts_from", request.from.empty() ? "random weights" : request.from},
          {"starts_from_fingerprint", request.from.empty() ? "" : folder_fingerprint(request.from)},
          {"layers", model.config().num_hidden_layers},
          {"hidden", model.config().hidden_size},
          {"max_tokens", longest_row(request, model)},
          {"epochs", training.epochs},
          {"batch_size", training.batch_size},
          {"learning_rate", training.learning_rate},
          {"warmup", training.warmup},
          {"weight_decay", training.weight_decay},
          {"seed", request.seed},
          {"device", model.encoder().device().str()},
          {"threads", at::get_num_threads()}};
}

/// Refuses to go on with what was begun with other settings.
void check_state(const fs::path& state, const std::string& settings) {
  const fs::path file = state / "settings.json";
  if (!fs::exists(state) || fs::is_empty(state)) {
    fs::create_directories(state);
    write_file_atomically(file, settings);
  } else if (!fs::exists(file) || read_file(file) != settings) {
    throw Error("language.other-pretraining",
                "`" + state.string() + "` holds the state of a pretraining with other settings",
                {"repeat the command that began it, or remove the folder"});
  }
}

std::string epoch_line(const EpochRecord& epoch, std::size_t index, std::int64_t epochs) {
  std::string line = "epoch " + std::to_string(index + 1) + "/" + std::to_string(epochs) +
                     ": loss " + fixed_decimals(epoch.loss, 4) + ", accuracy " +
                     fixed_decimals(epoch.accuracy, 4);
  if (!epoch.validation.empty()) {
    line += "; held out: loss " + fixed_decimals(epoch.validation.at("loss"), 4) + ", perplexity " +
            fixed_decimals(epoch.validation.at("perplexity"), 2) + ", accuracy " +
            fixed_decimals(epoch.validation.at("accuracy"), 4);
  }
  return line;
}

PartedTexts read_texts(const Request& request) {
  std::vector<std::string> texts = read_source_texts(request.corpus);
  if (!request.keeps_whitespace) {
    for (std::string& text : texts) {
      text = fold_whitespace(text);
    }
  }
  PartedTexts parts = part_texts(std::move(texts), request.held_out);
  if (parts.train.empty()) {
    throw Error("language.empty-corpus",
                "of `" + request.corpus.path.string() + "` nothing is left to train on",
                {"lower `--held-out`"});
  }
  return parts;
}

void finish(const Request& request, const MaskedModel& model, ordered_json report,
            const TrainingResult& result) {
  report["history"] = ordered_json::array();
  for (const EpochRecord& epoch : result.epochs) {
    report["history"].push_back(
        {{"loss", epoch.loss}, {"accuracy", epoch.accuracy}, {"held_out", epoch.validation}});
  }
  // Whole or not at all: what a run that dies here has to do again is this.
  const fs::path made = request.state() / "model";
  model.save(made);
  write_file_atomically(made / "pretraining.json", report.dump(2) + "\n");
  std::error_code ignored;
  fs::rename(made, request.out);
  fs::remove_all(request.state(), ignored);
}

}  // namespace

int command_pretrain(const Arguments& arguments) {
  const Syntax shape = syntax();
  const auto values = parse(arguments, shape);
  if (!values) {
    return kOk;
  }
  const Request request = read_request(*values, shape);
  set_threads(*values);
  const Rng rng(static_cast<std::uint64_t>(request.seed));
  const PartedTexts texts = read_texts(request);
  MaskedModel model = start_of(request, texts.train, rng);
  model.to(find_device(request.device));
  const ordered_json settings = description(request, model, texts);
  check_state(request.state(), settings.dump(2) + "\n");
  const std::int64_t longest = longest_row(request, model);
  const auto rows = token_blocks(texts.train, model.tokenizer(), longest);
  const auto held_out = token_blocks(texts.held_out, model.tokenizer(), longest);
  catch_signals();
  ConsoleProgress progress(std::cerr, progress_options(arguments));
  progress.log(counted(texts.train.size(), "text") + " in " + counted(rows.size(), "row") + ", " +
               counted(texts.held_out.size(), "text") + " held out");
  const PretrainingHooks hooks{
      .report =
          [&](const EpochRecord& epoch, std::size_t index) {
            progress.log(epoch_line(epoch, index, request.training.epochs));
          },
      .state_folder = request.state() / "epochs"};
  const TrainingResult result = pretrain(model, rows, held_out, request.training, MaskingRule{},
                                         rng.stream("pretraining"), progress, hooks);
  progress.clear_line();
  model.to(at::kCPU);
  finish(request, model, settings, result);
  std::cout << request.out.string() << ": "
            << epoch_line(result.epochs.back(), result.epochs.size() - 1, request.training.epochs)
            << "\n";
  return kOk;
}

}  // namespace ncmlab::app
