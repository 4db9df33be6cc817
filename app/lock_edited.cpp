// app/lock_edited.cpp: the words of these errors, each once.
#include "app/lock_edited.h"

namespace nano::app {

Error lock_edited(const std::string& what) {
  return make_error(Errc::untrusted, "nano.lock " + what, "the lock was edited: take it from `git`, or delete it and run `nano lock`");
}

Error lock_has_other_release(const schemas::PackageName& name, const schemas::Version& is, const schemas::Version& locked) {
  return lock_edited("has the release of " + name.text() + " " + is.text() + " under the version " + locked.text());
}

Error lock_has_no_such_variant(const schemas::PackageName& name, const schemas::Version& version, const std::string& variant) {
  return lock_edited("has the variant '" + variant + "' of " + name.text() + " " + version.text() + ", which has none of that name");
}

}  // namespace nano::app
