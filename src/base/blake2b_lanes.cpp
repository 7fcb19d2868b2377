#include "base/blake2b_lanes.hpp"

#include <algorithm>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace eventcore {

#if defined(__x86_64__)

// Only the functions marked with it use AVX2, and only after has_blake2b_lanes() has said that the processor has it.
#define EC_AVX2 __attribute__((target("avx2")))

namespace {

constexpr std::size_t words_per_block = 16;
constexpr std::size_t state_words = 8;

// RFC 7693, section 2.6 and 2.7.
constexpr std::uint64_t initial[state_words] = {0x6A09E667F3BCC908, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B,
                                                0xA54FF53A5F1D36F1, 0x510E527FADE682D1, 0x9B05688C2B3E6C1F,
                                                0x1F83D9ABFB41BD6B, 0x5BE0CD19137E2179};
constexpr std::uint8_t sigma[12][words_per_block] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4}, {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13}, {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11}, {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5}, {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3}};

// One word of each lane.
using Word = __m256i;

EC_AVX2 inline Word each(std::uint64_t value) {
  return _mm256_set1_epi64x(static_cast<long long>(value));
}

EC_AVX2 inline Word load(const void* from) {
  return _mm256_loadu_si256(static_cast<const Word*>(from));
}

EC_AVX2 inline Word rotated_32(Word x) {
  return _mm256_shuffle_epi32(x, _MM_SHUFFLE(2, 3, 0, 1));
}
EC_AVX2 inline Word rotated_24(Word x) {
  return _mm256_shuffle_epi8(x, _mm256_setr_epi8(3, 4, 5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15, 8, 9, 10, 3, 4, 5, 6, 7, 0,
                                                 1, 2, 11, 12, 13, 14, 15, 8, 9, 10));
}
EC_AVX2 inline Word rotated_16(Word x) {
  return _mm256_shuffle_epi8(x, _mm256_setr_epi8(2, 3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15, 8, 9, 2, 3, 4, 5, 6, 7,
                                                 0, 1, 10, 11, 12, 13, 14, 15, 8, 9));
}
EC_AVX2 inline Word rotated_63(Word x) {
  return _mm256_or_si256(_mm256_srli_epi64(x, 63), _mm256_add_epi64(x, x));
}

EC_AVX2 inline void mix(Word& a, Word& b, Word& c, Word& d, Word x, Word y) {
  a = _mm256_add_epi64(_mm256_add_epi64(a, b), x);
  d = rotated_32(_mm256_xor_si256(d, a));
  c = _mm256_add_epi64(c, d);
  b = rotated_24(_mm256_xor_si256(b, c));
  a = _mm256_add_epi64(_mm256_add_epi64(a, b), y);
  d = rotated_16(_mm256_xor_si256(d, a));
  c = _mm256_add_epi64(c, d);
  b = rotated_63(_mm256_xor_si256(b, c));
}

EC_AVX2 inline void mix_round(Word (&v)[16], const Word (&m)[16], const std::uint8_t (&s)[16]) {
  mix(v[0], v[4], v[8], v[12], m[s[0]], m[s[1]]);
  mix(v[1], v[5], v[9], v[13], m[s[2]], m[s[3]]);
  mix(v[2], v[6], v[10], v[14], m[s[4]], m[s[5]]);
  mix(v[3], v[7], v[11], v[15], m[s[6]], m[s[7]]);
  mix(v[0], v[5], v[10], v[15], m[s[8]], m[s[9]]);
  mix(v[1], v[6], v[11], v[12], m[s[10]], m[s[11]]);
  mix(v[2], v[7], v[8], v[13], m[s[12]], m[s[13]]);
  mix(v[3], v[4], v[9], v[14], m[s[14]], m[s[15]]);
}

// The words of one block of each lane, four by four: rows of a lane become columns.
EC_AVX2 inline void load_words(Word (&m)[16], const std::array<const std::uint8_t*, blake2b_lanes>& blocks) {
  for (std::size_t w = 0; w < words_per_block; w += blake2b_lanes) {
    const Word a = load(blocks[0] + w * 8);
    const Word b = load(blocks[1] + w * 8);
    const Word c = load(blocks[2] + w * 8);
    const Word d = load(blocks[3] + w * 8);
    const Word ab_low = _mm256_unpacklo_epi64(a, b);
    const Word ab_high = _mm256_unpackhi_epi64(a, b);
    const Word cd_low = _mm256_unpacklo_epi64(c, d);
    const Word cd_high = _mm256_unpackhi_epi64(c, d);
    m[w] = _mm256_permute2x128_si256(ab_low, cd_low, 0x20);
    m[w + 1] = _mm256_permute2x128_si256(ab_high, cd_high, 0x20);
    m[w + 2] = _mm256_permute2x128_si256(ab_low, cd_low, 0x31);
    m[w + 3] = _mm256_permute2x128_si256(ab_high, cd_high, 0x31);
  }
}

EC_AVX2 void compress(Word (&h)[state_words], const Word (&m)[16], Word counter, Word last) {
  Word v[16];
  for (std::size_t i = 0; i < state_words; ++i) {
    v[i] = h[i];
    v[i + 8] = each(initial[i]);
  }
  v[12] = _mm256_xor_si256(v[12], counter);
  v[14] = _mm256_xor_si256(v[14], last);
  for (const auto& s : sigma) mix_round(v, m, s);
  for (std::size_t i = 0; i < state_words; ++i) h[i] = _mm256_xor_si256(h[i], _mm256_xor_si256(v[i], v[i + 8]));
}

EC_AVX2 void begin(Word (&h)[state_words], const std::array<Blake2bLane, blake2b_lanes>& lanes) {
  alignas(32) std::uint64_t parameters[blake2b_lanes];
  for (std::size_t l = 0; l < blake2b_lanes; ++l)
    parameters[l] = 0x01010000U ^ (lanes[l].key_size << 8U) ^ sizeof(Digest);
  for (std::size_t i = 0; i < state_words; ++i) h[i] = each(initial[i]);
  h[0] = _mm256_xor_si256(h[0], load(parameters));
}

EC_AVX2 void take_digest(const Word (&h)[state_words], std::size_t lane, Digest& digest) {
  for (std::size_t i = 0; i < sizeof(Digest) / 8; ++i) {
    alignas(32) std::uint64_t words[blake2b_lanes];
    _mm256_store_si256(reinterpret_cast<Word*>(words), h[i]);
    std::memcpy(digest.data() + i * 8, &words[lane], 8);
  }
}

}  // namespace

bool has_blake2b_lanes() {
  static const bool has = __builtin_cpu_supports("avx2") != 0;
  return has;
}

// A lane whose message has ended goes on over its last block; its digest has been taken by then.
EC_AVX2 void hash_lanes(const std::array<Blake2bLane, blake2b_lanes>& lanes) {
  Word h[state_words];
  begin(h, lanes);
  std::size_t blocks = 0;
  for (const Blake2bLane& lane : lanes) blocks = std::max(blocks, lane.blocks);
  for (std::size_t block = 0; block < blocks; ++block) {
    std::array<const std::uint8_t*, blake2b_lanes> data{};
    alignas(32) std::uint64_t counter[blake2b_lanes];
    alignas(32) std::uint64_t last[blake2b_lanes];
    for (std::size_t l = 0; l < blake2b_lanes; ++l) {
      const Blake2bLane& lane = lanes[l];
      data[l] = lane.data + std::min(block, lane.blocks - 1) * blake2b_block;
      counter[l] = std::min((block + 1) * blake2b_block, lane.length);
      last[l] = block + 1 == lane.blocks ? ~std::uint64_t{0} : 0;
    }
    Word m[16];
    load_words(m, data);
    compress(h, m, load(counter), load(last));
    for (std::size_t l = 0; l < blake2b_lanes; ++l)
      if (block + 1 == lanes[l].blocks) take_digest(h, l, *lanes[l].digest);
  }
}

#else

bool has_blake2b_lanes() {
  return false;
}

void hash_lanes(const std::array<Blake2bLane, blake2b_lanes>&) {}

#endif

}  // namespace eventcore
