// SPDX-License-Identifier: Apache-2.0
#include "real_programs.hpp"

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <regex>
#include <sstream>
#include <stdexcept>

#include "ncmlab/core/files.hpp"

namespace ncmlab::contract {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCHeader =
    "#include <math.h>\n#include <stddef.h>\n#include <stdio.h>\n#include <stdlib.h>\n"
    "#include <string.h>\n";
constexpr const char* kCppHeader =
    "#include <cmath>\n#include <cstdio>\n#include <cstdlib>\n#include <stdexcept>\n"
    "#include <string>\n#include <utility>\n#include <vector>\n";

struct Finished {
  int status;
  std::string output;
};

Finished shell(const std::string& command) {
  std::FILE* pipe = popen(("(" + command + ") 2>&1").c_str(), "r");
  if (pipe == nullptr) {
    throw std::runtime_error("cannot start `" + command + "`");
  }
  std::string output;
  std::array<char, 4096> buffer{};
  for (std::size_t got = 0; (got = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    output.append(buffer.data(), got);
  }
  const int status = pclose(pipe);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, output};
}

std::string output_of(const std::string& command) {
  Finished finished = shell(command);
  if (finished.status != 0) {
    throw std::runtime_error("`" + command + "` failed:\n" + finished.output);
  }
  return std::move(finished.output);
}

/// The name that the text of the function gives it, whatever it was before.
std::string name_in(const Program& program, Language language) {
  static const std::regex kPython(R"(def\s+(\w+))"), kOther(R"((\w+)\s*\()");
  std::smatch found;
  const bool is_python = language == Language::python;
  std::regex_search(program.function, found, is_python ? kPython : kOther);
  return found[1];
}

std::string check_of(const Program& program, Language language) {
  return std::regex_replace(program.check, std::regex(R"(\bNAME\b)"), name_in(program, language));
}

/// What is printed after each line `# LABEL NAME`.
std::map<std::string, std::map<std::string, std::string>> sections(const std::string& output) {
  std::map<std::string, std::map<std::string, std::string>> result;
  std::string* at = nullptr;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# ")) {
      std::istringstream words(line.substr(2));
      std::string label, name;
      words >> label >> name;
      at = &result[label][name];
    } else if (at != nullptr) {
      *at += line + "\n";
    }
  }
  return result;
}

/// The C or C++ text of a set, with a function `run` that runs it.
std::string c_text(const ProgramSet& set, Language language, const std::string& run) {
  std::string text, calls;
  for (std::size_t i = 0; i < set.programs.size(); ++i) {
    const Program& program = set.programs[i];
    const std::string check = "check_" + std::to_string(i);
    // Several functions of one text may have been given the same name.
    const std::string name = name_in(program, language);
    const std::string owner = "program_" + program.name;
    const bool is_cpp = language == Language::cpp;
    text += is_cpp ? "namespace " + owner + " {\n" : "";
    text += program.prelude;
    text += is_cpp ? "" : "#define " + name + " " + owner + "_" + name + "\n";
    text += program.function + "static void " + check + "(void)\n{\n" +
            check_of(program, language) + "}\n";
    text += is_cpp ? "}\n" : "#undef " + name + "\n";
    calls += "    puts(\"# " + set.label + " " + program.name + "\"); " +
             (is_cpp ? owner + "::" : "") + check + "();\n";
  }
  return text + "static void " + run + "(void)\n{\n" + calls + "}\n";
}

std::string run_c(const std::vector<ProgramSet>& sets, const fs::path& folder) {
  std::string output;
  const std::string program = (folder / "program").string();
  for (const ProgramSet& set : sets) {
    write_file_atomically(folder / "program.c",
                          kCHeader + c_text(set, Language::c, "run") +
                              "int main(void)\n{\n    run();\n    return 0;\n}\n");
    output += output_of("gcc -std=gnu11 -w -O0 -fopenmp " + program + ".c -o " + program +
                        " -lm && " + program);
  }
  return output;
}

std::string run_cpp(const std::vector<ProgramSet>& sets, const fs::path& folder) {
  std::string text = kCppHeader, calls;
  for (const ProgramSet& set : sets) {
    text += "namespace " + set.label + " {\n" + c_text(set, Language::cpp, "run") + "}\n";
    calls += "    " + set.label + "::run();\n";
  }
  const std::string program = (folder / "program").string();
  write_file_atomically(folder / "program.cpp", text + "int main()\n{\n" + calls + "}\n");
  return output_of("g++ -std=c++20 -w -O0 " + program + ".cpp -o " + program + " && " + program);
}

std::string run_java(const std::vector<ProgramSet>& sets, const fs::path& folder) {
  std::string text = "public class Main {\n", calls;
  for (const ProgramSet& set : sets) {
    for (const Program& program : set.programs) {
      const std::string owner = set.label + "_" + program.name;
      text += "static class " + owner + " {\n" + program.prelude + program.function +
              "static void check() throws Exception {\n" + check_of(program, Language::java) +
              "}\n}\n";
      calls += "System.out.println(\"# " + set.label + " " + program.name + "\"); " + owner +
               ".check();\n";
    }
  }
  write_file_atomically(
      folder / "Main.java",
      text + "public static void main(String[] a) throws Exception {\n" + calls + "}\n}\n");
  return output_of("javac -nowarn -d " + folder.string() + " " + (folder / "Main.java").string() +
                   " && java -cp " + folder.string() + " Main");
}

std::string run_python(const std::vector<ProgramSet>& sets, const fs::path& folder) {
  std::string starter = "import runpy\n";
  for (const ProgramSet& set : sets) {
    for (const Program& program : set.programs) {
      const fs::path file = folder / (set.label + "_" + program.name + ".py");
      write_file_atomically(
          file, program.prelude + program.function + "\n" + check_of(program, Language::python));
      starter += "print('# " + set.label + " " + program.name + "')\nrunpy.run_path('" +
                 file.string() + "')\n";
    }
  }
  write_file_atomically(folder / "all.py", starter);
  return output_of("python3 " + (folder / "all.py").string());
}

}  // namespace

std::vector<Program> programs(Language language) {
  std::ifstream file(fs::path("tests/contract/programs") /
                     (std::string(to_string(language)) + ".txt"));
  std::vector<Program> result;
  std::string Program::*part = nullptr;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("== ")) {
      result.push_back({.name = line.substr(3), .prelude = {}, .function = {}, .check = {}});
      part = &Program::prelude;
    } else if (line == "-- function" || line == "-- check") {
      part = line == "-- check" ? &Program::check : &Program::function;
    } else if (part != nullptr) {
      result.back().*part += line + "\n";
    }
  }
  return result;
}

std::optional<std::string> reason_to_skip(Language language) {
  if (language == Language::java &&
      shell("javac --release 17 -version && java -version").status != 0) {
    return "needs a JDK of Java 17 or later";
  }
  if (language == Language::python &&
      shell("python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))'").status != 0) {
    return "needs python3 of version 3.10 or later";
  }
  if (language == Language::cpp && shell("g++ --version").status != 0) {
    return "needs g++";
  }
  if (language == Language::c && shell("gcc --version").status != 0) {
    return "needs gcc";
  }
  return std::nullopt;
}

std::map<std::string, std::map<std::string, std::string>> run_programs(
    const std::vector<ProgramSet>& sets, Language language, const fs::path& folder) {
  switch (language) {
    case Language::cpp:
      return sections(run_cpp(sets, folder));
    case Language::java:
      return sections(run_java(sets, folder));
    case Language::python:
      return sections(run_python(sets, folder));
    case Language::c:
      break;
  }
  return sections(run_c(sets, folder));
}

}  // namespace ncmlab::contract
