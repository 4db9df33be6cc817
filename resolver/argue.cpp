// resolver/argue.cpp: the order of the sentences of an explanation, and which of them need a number.
#include <algorithm>
#include <map>
#include <utility>

#include "resolver/phrases.h"

namespace nano::resolver {
namespace {

/// Walks the proof from its end with a stack of its own: visit tasks turn into line tasks.
class Argument {
 public:
  Argument(const Knowledge& known, IncompatibilityId contradiction) : known_(known), last_(contradiction) { count_uses(); }

  std::vector<std::string> write() {
    if (!is_learned(last_)) return {"Because " + clause(known_, last_) + ", no set of versions fits."};
    tasks_.push_back({.kind = Task::Kind::visit, .id = last_});
    while (!tasks_.empty() && lines_.size() <= kMaxExplanationLines) {
      const Task task = tasks_.back();
      tasks_.pop_back();
      if (task.kind == Task::Kind::visit) visit(task);
      if (task.kind == Task::Kind::gap) lines_.emplace_back();
      if (task.kind == Task::Kind::line) line(task);
    }
    if (lines_.size() > kMaxExplanationLines) return {};
    return std::move(lines_);
  }

 private:
  struct Task {
    enum class Kind { visit, line, gap };
    Kind kind = Kind::visit;
    IncompatibilityId id = 0;
    bool numbered = false;
    std::vector<IncompatibilityId> said{};    ///< named in the line
    std::vector<IncompatibilityId> before{};  ///< understood, if they are the lines just above
  };

  [[nodiscard]] const Incompatibility& at(IncompatibilityId id) const { return known_.incompatibilities[id]; }
  [[nodiscard]] bool is_learned(IncompatibilityId id) const { return at(id).cause == kNone; }
  [[nodiscard]] bool has_number(IncompatibilityId id) const { return numbers_.count(id) > 0; }
  [[nodiscard]] bool is_single_line(IncompatibilityId id) const { return !is_learned(at(id).left) && !is_learned(at(id).right); }

  void count_uses() {
    std::vector<IncompatibilityId> open{last_};
    while (!open.empty()) {
      const IncompatibilityId id = open.back();
      open.pop_back();
      if (!is_learned(id)) continue;
      for (const IncompatibilityId from : {at(id).left, at(id).right})
        if (++uses_[from] == 1) open.push_back(from);
    }
  }

  /// A step with one fact of its own can be told together with the step after it.
  [[nodiscard]] bool is_collapsible(IncompatibilityId id) const {
    if (uses_.at(id) > 1) return false;
    const bool left = is_learned(at(id).left);
    const bool right = is_learned(at(id).right);
    if (left == right) return false;
    return !has_number(left ? at(id).left : at(id).right);
  }

  void push_line(IncompatibilityId id, bool numbered, std::vector<IncompatibilityId> said, std::vector<IncompatibilityId> before = {}) {
    tasks_.push_back({.kind = Task::Kind::line, .id = id, .numbered = numbered, .said = std::move(said), .before = std::move(before)});
  }
  void push_visit(IncompatibilityId id, bool numbered = false) {
    tasks_.push_back({.kind = Task::Kind::visit, .id = id, .numbered = numbered});
  }

  // Tasks are pushed in reverse: the last one pushed is done first.
  void visit(const Task& task) {
    const IncompatibilityId id = task.id;
    if (has_number(id)) return;
    const auto uses = uses_.find(id);
    const bool numbered = task.numbered || (uses != uses_.end() && uses->second > 1);
    const IncompatibilityId left = at(id).left;
    const IncompatibilityId right = at(id).right;
    if (!is_learned(left) && !is_learned(right)) {
      push_line(id, numbered, {left, right});
    } else if (is_learned(left) && is_learned(right)) {
      visit_two(id, numbered, left, right);
    } else {
      visit_one(id, numbered, is_learned(left) ? left : right, is_learned(left) ? right : left);
    }
  }

  void visit_two(IncompatibilityId id, bool numbered, IncompatibilityId left, IncompatibilityId right) {
    if (has_number(left) && has_number(right)) {
      push_line(id, numbered, {left, right});
    } else if (has_number(left) || has_number(right)) {
      const IncompatibilityId known = has_number(left) ? left : right;
      const IncompatibilityId fresh = has_number(left) ? right : left;
      push_line(id, numbered, {known}, {fresh});
      push_visit(fresh);
    } else if (is_single_line(left) || is_single_line(right)) {
      const IncompatibilityId second = is_single_line(right) ? right : left;
      const IncompatibilityId first = second == right ? left : right;
      push_line(id, numbered, {}, {first, second});
      push_visit(second);
      push_visit(first);
    } else {
      push_line(id, numbered, {left}, {right});
      push_visit(right);
      tasks_.push_back({.kind = Task::Kind::gap});
      push_visit(left, true);
    }
  }

  void visit_one(IncompatibilityId id, bool numbered, IncompatibilityId learned, IncompatibilityId fact) {
    if (has_number(learned)) {
      push_line(id, numbered, {fact, learned});
    } else if (is_collapsible(learned)) {
      const Incompatibility& step = at(learned);
      const bool left = is_learned(step.left);
      const IncompatibilityId earlier = left ? step.left : step.right;
      push_line(id, numbered, {left ? step.right : step.left, fact}, {earlier});
      push_visit(earlier);
    } else {
      push_line(id, numbered, {fact}, {learned});
      push_visit(learned);
    }
  }

  void line(const Task& task) {
    std::vector<IncompatibilityId> said = task.said;
    // What was told further up, and not just now, has to be named again.
    const bool follows = !task.before.empty() && task.before.size() <= told_.size() &&
                         std::equal(task.before.rbegin(), task.before.rend(), told_.rbegin());
    if (!follows) said.insert(said.end(), task.before.begin(), task.before.end());

    std::string text = task.id == last_ ? "So" : follows ? (said.empty() ? "Thus" : "And") : "";
    if (!said.empty()) text += text == "And" ? " because " : text.empty() ? "Because " : ", because ";
    if (said.empty()) text += ", ";
    if (said.size() == 2 && !has_number(said[0]) && !has_number(said[1])) {
      text += clauses(known_, said[0], said[1]);
    } else {
      for (std::size_t i = 0; i < said.size(); ++i) {
        if (i > 0) text += " and ";
        text += clause(known_, said[i]);
        if (has_number(said[i])) text += " (" + std::to_string(numbers_[said[i]]) + ")";
      }
    }
    if (!said.empty()) text += ", ";
    text += clause(known_, task.id);
    if (task.numbered) {
      numbers_.emplace(task.id, numbers_.size() + 1);
      text += " (" + std::to_string(numbers_[task.id]) + ")";
    }
    if (task.id == last_ && lines_.empty()) text = "Because" + text.substr(text.find(", because") + 9);
    lines_.push_back(text + ".");
    told_.push_back(task.id);
  }

  const Knowledge& known_;
  IncompatibilityId last_ = 0;
  std::map<IncompatibilityId, std::size_t> uses_{};
  std::map<IncompatibilityId, std::size_t> numbers_{};
  std::vector<Task> tasks_{};
  std::vector<std::string> lines_{};
  std::vector<IncompatibilityId> told_{};  ///< the steps of the lines, in order
};

}  // namespace

std::vector<std::string> argue(const Knowledge& known, IncompatibilityId contradiction) {
  return Argument(known, contradiction).write();
}

}  // namespace nano::resolver
