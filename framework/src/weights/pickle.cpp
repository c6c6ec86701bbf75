// SPDX-License-Identifier: Apache-2.0
#include "weights/pickle.hpp"

#include <algorithm>
#include <bit>

#include "ncmlab/core/diagnostic.hpp"
#include "weights/file_reader.hpp"

namespace ncmlab {

PickleInterpreter::PickleInterpreter(std::string_view bytes, std::string origin)
    : bytes_(bytes), origin_(std::move(origin)) {}

void PickleInterpreter::fail(const std::string& what) const {
  throw Error("checkpoint.bad-pickle",
              "the pickle of `" + origin_ + "` is damaged at byte " + std::to_string(position_) +
                  ": " + what,
              {"copy or download the file again"});
}

void PickleInterpreter::refuse(const std::string& what) const {
  throw Error("checkpoint.unsafe-pickle",
              "`" + origin_ + "` holds more than tensors: " + what + " is refused",
              {"save the weights alone: torch.save(model.state_dict(), \"pytorch_model.bin\")"});
}

std::string_view PickleInterpreter::take(std::uint64_t count) {
  if (count > bytes_.size() - position_) {
    fail("expected " + std::to_string(count) + " more bytes, found " +
         std::to_string(bytes_.size() - position_));
  }
  const std::string_view result = bytes_.substr(position_, count);
  position_ += count;
  return result;
}

std::uint64_t PickleInterpreter::take_number(int count) {
  return little_endian(take(static_cast<std::uint64_t>(count)).data(), count);
}

std::string_view PickleInterpreter::take_line() {
  const std::size_t end = bytes_.find('\n', position_);
  if (end == std::string_view::npos) {
    fail("a name without an end");
  }
  const std::string_view line = take(end - position_);
  take(1);
  return line;
}

void PickleInterpreter::check_room(std::size_t count) const {
  // A pickle of tensors takes several bytes for each value; one of brackets alone does not.
  if (count > bytes_.size() / 2 + 64) {
    fail("it describes more values than a checkpoint of its size");
  }
}

PickleValue& PickleInterpreter::make(Kind kind) {
  check_room(values_.size());
  values_.push_back(PickleValue{.kind = kind});
  return values_.back();
}

void PickleInterpreter::push_integer(std::int64_t value) {
  PickleValue& made = make(Kind::integer);
  made.integer = value;
  push(made);
}

void PickleInterpreter::push_text(std::uint64_t length) {
  PickleValue& made = make(Kind::text);
  made.text = take(length);
  push(made);
}

PickleValue& PickleInterpreter::pop() {
  if (stack_.empty()) {
    fail("the stack is empty");
  }
  PickleValue* value = stack_.back();
  stack_.pop_back();
  if (value->kind == Kind::mark) {
    fail("a mark where a value was expected");
  }
  return *value;
}

PickleValue& PickleInterpreter::top(Kind kind, const char* expected) {
  if (stack_.empty() || stack_.back()->kind != kind) {
    fail(std::string("expected ") + expected);
  }
  return *stack_.back();
}

std::vector<PickleValue*> PickleInterpreter::pop_to_mark() {
  const auto mark = std::find_if(stack_.rbegin(), stack_.rend(),
                                 [](const auto* value) { return value->kind == Kind::mark; });
  if (mark == stack_.rend()) {
    fail("no mark on the stack");
  }
  std::vector<PickleValue*> items(mark.base(), stack_.end());
  stack_.erase(mark.base() - 1, stack_.end());
  return items;
}

void PickleInterpreter::push_sequence(std::size_t count) {
  PickleValue& made = make(Kind::sequence);
  for (std::size_t i = 0; i < count; ++i) {
    made.items.insert(made.items.begin(), &pop());
  }
  push(made);
}

const PickleValue& PickleInterpreter::read() {
  stack_.clear();
  memo_.clear();
  constexpr unsigned char kStop = '.';
  for (unsigned char opcode = 0; (opcode = static_cast<unsigned char>(take(1).front())) != kStop;) {
    step(opcode);
  }
  return pop();
}

void PickleInterpreter::step(unsigned char opcode) {
  if (step_constant(opcode) || step_container(opcode) || step_memo(opcode)) {
    return;
  }
  switch (opcode) {
    case 0x80:  // PROTO
      if (const auto protocol = take_number(1); protocol > 5) {
        fail("unknown protocol " + std::to_string(protocol));
      }
      return;
    case 0x95:  // FRAME
      take(8);
      return;
    case 'c': {  // GLOBAL
      const std::string_view module = take_line();
      push_global(module, take_line());
      return;
    }
    case 0x93: {  // STACK_GLOBAL
      top(Kind::text, "the name of a global");
      const std::string_view name = pop().text;
      top(Kind::text, "the module of a global");
      push_global(pop().text, name);
      return;
    }
    case 'Q':  // BINPERSID
      return push_persistent();
    case 'R':  // REDUCE
      return reduce();
    case 'b':  // BUILD
      return build();
    case 0x81:  // NEWOBJ
    case 0x92:  // NEWOBJ_EX
    case 'i':   // INST
    case 'o':   // OBJ
      refuse("making an object");
    default:
      fail("opcode " + std::to_string(opcode) + " has no place in a checkpoint");
  }
}

bool PickleInterpreter::step_constant(unsigned char opcode) {
  switch (opcode) {
    case 'N':  // NONE
      push(make(Kind::none));
      return true;
    case 0x88:  // NEWTRUE
    case 0x89:  // NEWFALSE
      push(make(Kind::boolean));
      stack_.back()->integer = opcode == 0x88 ? 1 : 0;
      return true;
    case 'K':  // BININT1
      push_integer(static_cast<std::int64_t>(take_number(1)));
      return true;
    case 'M':  // BININT2
      push_integer(static_cast<std::int64_t>(take_number(2)));
      return true;
    case 'J':  // BININT
      push_integer(static_cast<std::int32_t>(take_number(4)));
      return true;
    case 0x8a:  // LONG1
      push_long();
      return true;
    case 'G':  // BINFLOAT
      take(8);
      push(make(Kind::real));
      return true;
    case 'U':   // SHORT_BINSTRING
    case 0x8c:  // SHORT_BINUNICODE
      push_text(take_number(1));
      return true;
    case 'T':  // BINSTRING
    case 'X':  // BINUNICODE
      push_text(take_number(4));
      return true;
    default:
      return false;
  }
}

void PickleInterpreter::push_long() {
  const auto length = take_number(1);
  const std::string_view digits = take(length);
  if (length > 8) {
    // The magic number of the format before PyTorch 1.6 is the one such number in use.
    PickleValue& made = make(Kind::text);
    made.text = digits;
    push(made);
    return;
  }
  std::uint64_t value = little_endian(digits.data(), static_cast<int>(length));
  if (length > 0 && length < 8 && (static_cast<unsigned char>(digits.back()) & 0x80) != 0) {
    value |= ~std::uint64_t{0} << (8 * length);
  }
  push_integer(std::bit_cast<std::int64_t>(value));
}

bool PickleInterpreter::step_container(unsigned char opcode) {
  const auto append = [](PickleValue& target, const std::vector<PickleValue*>& items) {
    target.items.insert(target.items.end(), items.begin(), items.end());
  };
  switch (opcode) {
    case '(':  // MARK
      push(make(Kind::mark));
      return true;
    case '}':  // EMPTY_DICT
      push(make(Kind::dictionary));
      return true;
    case ')':  // EMPTY_TUPLE
    case ']':  // EMPTY_LIST
      push(make(Kind::sequence));
      return true;
    case 0x85:  // TUPLE1
    case 0x86:  // TUPLE2
    case 0x87:  // TUPLE3
      push_sequence(opcode - 0x84u);
      return true;
    case 't':    // TUPLE
    case 'l': {  // LIST
      auto items = pop_to_mark();
      push(make(Kind::sequence));
      stack_.back()->items = std::move(items);
      return true;
    }
    case 'a': {  // APPEND
      PickleValue& item = pop();
      append(top(Kind::sequence, "a list"), {&item});
      return true;
    }
    case 'e': {  // APPENDS
      const auto items = pop_to_mark();
      append(top(Kind::sequence, "a list"), items);
      return true;
    }
    case 's': {  // SETITEM
      PickleValue& value = pop();
      PickleValue& key = pop();
      append(top(Kind::dictionary, "a dictionary"), {&key, &value});
      return true;
    }
    case 'u': {  // SETITEMS
      const auto items = pop_to_mark();
      if (items.size() % 2 != 0) {
        fail("a key without a value");
      }
      append(top(Kind::dictionary, "a dictionary"), items);
      return true;
    }
    default:
      return false;
  }
}

bool PickleInterpreter::step_memo(unsigned char opcode) {
  const auto put = [&](std::uint64_t slot) {
    if (stack_.empty()) {
      fail("nothing to remember");
    }
    check_room(memo_.size());
    memo_[slot] = stack_.back();
  };
  const auto get = [&](std::uint64_t slot) {
    const auto found = memo_.find(slot);
    if (found == memo_.end()) {
      fail("slot " + std::to_string(slot) + " was never filled");
    }
    stack_.push_back(found->second);
  };
  switch (opcode) {
    case 'q':  // BINPUT
      put(take_number(1));
      return true;
    case 'r':  // LONG_BINPUT
      put(take_number(4));
      return true;
    case 0x94:  // MEMOIZE
      put(memo_.size());
      return true;
    case 'h':  // BINGET
      get(take_number(1));
      return true;
    case 'j':  // LONG_BINGET
      get(take_number(4));
      return true;
    default:
      return false;
  }
}

}  // namespace ncmlab
