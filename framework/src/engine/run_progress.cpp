// SPDX-License-Identifier: Apache-2.0
#include "engine/run_progress.hpp"

namespace ncmlab {

void RunProgress::run_begins(const RunSize&) {}
void RunProgress::stage_begins(const Stage&) {}
void RunProgress::stage_ends(const Stage&, double, const std::string&) {}
void RunProgress::failed(const std::string&) {}
void RunProgress::stage_dropped(const Stage&) {}
void RunProgress::run_ends() {}

}  // namespace ncmlab
