// SPDX-License-Identifier: Apache-2.0
int ncmlab_absent_answer() { return 42; }
