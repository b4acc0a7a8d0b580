// Files that are encrypted at rest. After a first byte of 0: the bytes of a file, as they are. After another: parts, of
// which a file is made, and a place in it and what is changed there; none of what was changed may be handed out.
#include <cstdlib>

#include "codec/decryptor.h"
#include "codec/segment.h"
#include "tests/fuzz/fuzz_events.h"

namespace {

using namespace binlogd;

const EncryptionKey& Key() {
  static const EncryptionKey* const key = new EncryptionKey(std::string(EncryptionKey::kSize, 'k'));
  return *key;
}

struct Content {
  std::string bytes;
  bool whole = false;
};

// Reads as much as can be read, with so many bytes at hand at first.
Content Decrypt(absl::string_view file, size_t at_hand) {
  static const KeyRing* const keys = new KeyRing({Key()});
  Content content;
  Decryptor decryptor(keys, "file");
  while (!file.empty()) {
    const absl::StatusOr<size_t> taken = decryptor.Take(file.substr(0, at_hand), &content.bytes);
    if (!taken.ok()) return content;
    if (*taken == 0 && at_hand >= file.size()) return content;
    if (*taken == 0) at_hand = file.size();
    file.remove_prefix(*taken);
  }
  content.whole = decryptor.at_end();
  return content;
}

// A segment of the parts up to an empty one. A random salt would not be the same the next time.
void AppendSegment(fuzz::FuzzInput* input, std::string* file, std::string* content) {
  SegmentHeader header;
  header.offset = file->size();
  header.key_id = std::string(Key().id());
  header.file_id = std::string(kFileIdSize, 'f');
  header.salt = std::string(kSaltSize, static_cast<char>(file->size()));
  const auto cipher = SegmentCipher::Create(SegmentCipher::Direction::kEncrypt, Key(), header);
  bool is_first = true;
  for (absl::string_view part = input->TakePart(); !part.empty(); part = input->TakePart()) {
    if (is_first) file->append(header.Serialize());
    is_first = false;
    if (!(*cipher)->Seal(part, file).ok()) std::abort();
    content->append(part.data(), part.size());
  }
}

void CheckChanged(fuzz::FuzzInput* input) {
  std::string file, content;
  const int segments = input->TakeByte() % 4;
  const size_t at_hand = input->TakeNumber();
  const size_t place = input->TakeNumber();
  const char change = static_cast<char>(input->TakeByte());
  const size_t dropped = input->TakeByte();
  for (int i = 0; i < segments; ++i) AppendSegment(input, &file, &content);
  const Content same = Decrypt(file, at_hand);
  if (same.bytes != content || (!file.empty() && !same.whole)) std::abort();
  if (file.empty()) return;
  std::string changed = file;
  changed[place % file.size()] ^= change;
  changed.erase(place % file.size(), dropped);
  const Content read = Decrypt(changed, at_hand);
  if (read.bytes != content.substr(0, read.bytes.size())) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::FuzzInput input(data, size);
  if (input.TakeByte() == 0) {
    const size_t at_hand = input.TakeNumber();
    Decrypt(input.TakeRest(), at_hand);
  } else {
    CheckChanged(&input);
  }
  return 0;
}
