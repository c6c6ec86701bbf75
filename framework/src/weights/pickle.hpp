// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace ncmlab {

/// A value of a pickle that holds tensors. Values belong to the interpreter that made them.
struct PickleValue {
  enum class Kind {
    none,
    boolean,
    integer,
    real,
    text,
    sequence,    ///< tuple or list: `items`
    dictionary,  ///< `items`: key, value, key, value, ...
    global,      ///< a name that may be called: `text` is `module.name`
    storage,     ///< `text` is its key, `integer` its number of elements
    /// `items`: storage, each size, each stride, as many as sizes; `integer`: offset in the
    /// storage, in elements
    tensor,
    mark
  };
  Kind kind = Kind::none;
  at::ScalarType type = at::kFloat;  ///< of a storage; kByte for one of a foreign type
  std::uint8_t element_size = 0;     ///< bytes per element, of a storage or a foreign tensor
  /// Of a storage or a tensor: the type as safetensors spells it where ncmlab does not compute with
  /// it. A storage without a type of its own (`UntypedStorage`) is one of bytes.
  std::string_view foreign_type = {};
  std::int64_t integer = 0;
  std::string_view text = {};  ///< in the pickle itself, or a constant
  std::vector<PickleValue*> items = {};
};

/// Interprets the pickle opcodes that torch.save uses for dictionaries of tensors. Nothing is
/// imported or called: names other than OrderedDict, the tensor rebuilders and the storage types
/// throw Error `checkpoint.unsafe-pickle`, damage throws `checkpoint.bad-pickle`. Memory stays
/// within a small multiple of the pickle's size.
class PickleInterpreter {
 public:
  /// `bytes` must outlive the interpreter; `origin` names the file in errors.
  PickleInterpreter(std::string_view bytes, std::string origin);

  /// Reads the next pickle up to its STOP.
  const PickleValue& read();
  /// The first byte after what was read.
  std::size_t position() const { return position_; }
  /// Every storage described so far.
  const std::vector<const PickleValue*>& storages() const { return storages_; }

 private:
  using Kind = PickleValue::Kind;

  [[noreturn]] void fail(const std::string& what) const;
  [[noreturn]] void refuse(const std::string& what) const;
  std::string_view take(std::uint64_t count);
  std::uint64_t take_number(int count);
  void check_room(std::size_t count) const;
  std::string_view take_line();
  PickleValue& make(Kind kind);
  void push(PickleValue& value) { stack_.push_back(&value); }
  void push_integer(std::int64_t value);
  void push_text(std::uint64_t length);
  void push_sequence(std::size_t count);
  PickleValue& pop();
  PickleValue& top(Kind kind, const char* expected);
  std::vector<PickleValue*> pop_to_mark();

  void step(unsigned char opcode);
  bool step_constant(unsigned char opcode);
  bool step_container(unsigned char opcode);
  bool step_memo(unsigned char opcode);
  void push_long();
  void push_global(std::string_view module, std::string_view name);
  void push_persistent();
  void reduce();
  void build();
  PickleValue& rebuild_tensor(const PickleValue& arguments);

  std::string_view bytes_;
  std::string origin_;
  std::size_t position_ = 0;
  std::deque<PickleValue> values_;
  std::vector<const PickleValue*> storages_;
  std::vector<PickleValue*> stack_;
  std::unordered_map<std::uint64_t, PickleValue*> memo_;
};

}  // namespace ncmlab
