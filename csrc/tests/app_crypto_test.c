/* The examples of the standards, digit by digit, and what must not open. */
#include <string.h>

#include "app/chacha20_poly1305.h"
#include "app/sha256.h"
#include "check.h"

static size_t from_hex(const char *hex, uint8_t *to) {
    size_t count = 0;
    for (unsigned byte; sscanf(hex, "%2x", &byte) == 1; hex += 2) {
        to[count++] = (uint8_t)byte;
    }
    return count;
}

static void expect(const uint8_t *bytes, const char *hex) {
    uint8_t expected[512];
    const size_t count = from_hex(hex, expected);
    CHECK(count > 0 && memcmp(bytes, expected, count) == 0);
}

/* FIPS 180-4's examples (one block, two blocks, a million letters) and RFC 4231's test cases 1, 2 and 6. */
static void test_sha256_and_hmac(void) {
    static const struct {
        const char *text, *digest;
    } examples[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    ph_sha256 hash;
    ph_hmac mac;
    uint8_t digest[PH_SHA256_BYTES], key[131];
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        ph_sha256_begin(&hash);
        ph_sha256_take(&hash, examples[i].text, strlen(examples[i].text));
        ph_sha256_end(&hash, digest);
        expect(digest, examples[i].digest);
    }
    ph_sha256_begin(&hash);
    for (int left = 1000000, count; left > 0; left -= count) { /* in pieces that never end with a block */
        const char letters[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
        count = left < 77 ? left : 77;
        ph_sha256_take(&hash, letters, (size_t)count);
    }
    ph_sha256_end(&hash, digest);
    expect(digest, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");

    memset(key, 0x0b, 20);
    ph_hmac_begin(&mac, key, 20);
    ph_hmac_take(&mac, "Hi There", 8);
    ph_hmac_end(&mac, digest);
    expect(digest, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    ph_hmac_begin(&mac, "Jefe", 4);
    ph_hmac_take(&mac, "what do ya want ", 16);
    ph_hmac_take(&mac, "for nothing?", 12);
    ph_hmac_end(&mac, digest);
    expect(digest, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key);
    ph_hmac_begin(&mac, key, sizeof key);
    ph_hmac_take(&mac, "Test Using Larger Than Block-Size Key - Hash Key First", 54);
    ph_hmac_end(&mac, digest);
    expect(digest, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

/* RFC 5869, A.1 and A.3. */
static void test_hkdf(void) {
    uint8_t secret[22], salt[13], info[10], key[PH_SHA256_BYTES], out[42];
    memset(secret, 0x0b, sizeof secret);
    for (uint8_t i = 0; i < sizeof salt; i++) {
        salt[i] = i;
    }
    for (uint8_t i = 0; i < sizeof info; i++) {
        info[i] = (uint8_t)(0xf0 + i);
    }
    ph_hkdf_extract(salt, sizeof salt, secret, sizeof secret, key);
    expect(key, "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
    CHECK_EQUAL(ph_hkdf_expand(key, info, sizeof info, out, sizeof out), PH_OK);
    expect(out, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
    ph_hkdf_extract("", 0, secret, sizeof secret, key);
    expect(key, "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04");
    CHECK_EQUAL(ph_hkdf_expand(key, "", 0, out, sizeof out), PH_OK);
    expect(out, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
    CHECK_EQUAL(ph_hkdf_expand(key, "", 0, out, 255 * PH_SHA256_BYTES + 1), PH_BAD_ARGUMENT);
}

static const char sunscreen[] = "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the "
                                "future, sunscreen would be it.";

/* RFC 8439, 2.4.2 and 2.5.2, and of the appendix A.3 cases that carry around 2^130 - 5. */
static void test_parts(void) {
    static const struct {
        const char *r, *message, *tag;
    } edges[] = {
        {"02000000000000000000000000000000ffffffffffffffffffffffffffffffff", "02000000000000000000000000000000",
         "03000000000000000000000000000000"},
        {"0100000000000000000000000000000000000000000000000000000000000000",
         "fffffffffffffffffffffffffffffffff0ffffffffffffffffffffffffffffff11000000000000000000000000000000",
         "05000000000000000000000000000000"},
        {"0100000000000000000000000000000000000000000000000000000000000000",
         "fffffffffffffffffffffffffffffffffbfefefefefefefefefefefefefefefe01010101010101010101010101010101",
         "00000000000000000000000000000000"},
        {"0200000000000000000000000000000000000000000000000000000000000000", "fdffffffffffffffffffffffffffffff",
         "faffffffffffffffffffffffffffffff"},
        /* 2^130 - 2, of which 2^130 - 5 has to be taken in the end */
        {"0100000000000000000000000000000000000000000000000000000000000000",
         "feffffffffffffffffffffffffffffff0000000000000000000000000000000000000000000000000000000000000000",
         "03000000000000000000000000000000"},
    };
    uint8_t key[32], nonce[12], text[sizeof sunscreen - 1], tag[16];
    ph_poly1305 state;
    for (uint8_t i = 0; i < sizeof key; i++) {
        key[i] = i;
    }
    from_hex("000000000000004a00000000", nonce);
    memcpy(text, sunscreen, sizeof text);
    ph_chacha20(key, nonce, 1, text, sizeof text);
    expect(text,
           "6e2e359a2568f98041ba0728dd0d6981e97e7aec1d4360c20a27afccfd9fae0bf91b65c5524733ab8f593dabcd62b3571639d6"
           "24e65152ab8f530c359f0861d807ca0dbf500d6a6156a38e088a22b65e52bc514d16ccf806818ce91ab77937365af90bbf74"
           "a35be6b40b8eedf2785e42874d");
    from_hex("85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b", key);
    ph_poly1305_begin(&state, key);
    ph_poly1305_take(&state, (const uint8_t *)"Cryptographic Forum Research Group", 34);
    ph_poly1305_end(&state, tag);
    expect(tag, "a8061dc1305136c6c22b8baf0c0127a9");
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
        uint8_t message[48];
        const size_t bytes = from_hex(edges[i].message, message);
        from_hex(edges[i].r, key);
        ph_poly1305_begin(&state, key);
        ph_poly1305_take(&state, message, bytes);
        ph_poly1305_end(&state, tag);
        expect(tag, edges[i].tag);
    }
}

/* RFC 8439, 2.8.2. */
static void test_aead(void) {
    uint8_t key[32], nonce[12], extra[12], text[sizeof sunscreen - 1], sealed[sizeof text], tag[16];
    for (uint8_t i = 0; i < sizeof key; i++) {
        key[i] = (uint8_t)(0x80 + i);
    }
    from_hex("070000004041424344454647", nonce);
    from_hex("50515253c0c1c2c3c4c5c6c7", extra);
    memcpy(text, sunscreen, sizeof text);
    ph_aead_seal(key, nonce, extra, sizeof extra, text, sizeof text, tag);
    expect(text,
           "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de"
           "0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e"
           "4b7a9de576d26586cec64b6116");
    expect(tag, "1ae10b594f09e26a7e902ecbd0600691");
    memcpy(sealed, text, sizeof text);
    CHECK(ph_aead_open(key, nonce, extra, sizeof extra, text, sizeof text, tag));
    CHECK_EQUAL(memcmp(text, sunscreen, sizeof text), 0);

    /* Any bit of text, tag, extra, nonce or key, and any length: it stays shut, and as it was. */
    uint8_t *parts[] = {sealed, tag, extra, nonce, key};
    const size_t sizes[] = {sizeof sealed, sizeof tag, sizeof extra, sizeof nonce, sizeof key};
    for (int part = 0; part < 5; part++) {
        for (size_t bit = 0; bit < 8 * sizes[part]; bit++) {
            parts[part][bit / 8] ^= (uint8_t)(1 << bit % 8);
            memcpy(text, sealed, sizeof text);
            CHECK(!ph_aead_open(key, nonce, extra, sizeof extra, text, sizeof text, tag));
            CHECK_EQUAL(memcmp(text, sealed, sizeof text), 0);
            parts[part][bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
    for (size_t bytes = 0; bytes < sizeof text; bytes++) {
        memcpy(text, sealed, sizeof text);
        CHECK(!ph_aead_open(key, nonce, extra, sizeof extra, text, bytes, tag));
    }
    ph_aead_seal(key, nonce, NULL, 0, NULL, 0, tag);
    CHECK(ph_aead_open(key, nonce, NULL, 0, NULL, 0, tag));
}

static void test_secrets(void) {
    uint8_t secret[4] = {1, 2, 3, 4};
    CHECK(ph_same_secret(secret, "\1\2\3\4", 4));
    CHECK(!ph_same_secret(secret, "\1\2\3\5", 4));
    CHECK(!ph_same_secret(secret, "\3\2\3\4", 4));
    ph_wipe(secret, sizeof secret);
    CHECK(ph_same_secret(secret, "\0\0\0\0", 4));
}

int main(void) {
    test_sha256_and_hmac();
    test_hkdf();
    test_parts();
    test_aead();
    test_secrets();
    FINISH();
}
