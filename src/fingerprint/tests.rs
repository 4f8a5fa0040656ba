//! Recognition of hellos shaped like those of each stack, over versions.

use super::samples::{Sample, hello};
use super::{Recogniser, Stack, StackGuess, recognise};
use crate::tls::message::ClientHello;

/// Lists that several samples share.
const OPENSSL_SCHEMES: &str =
    "0403 0503 0603 0807 0808 0809 080a 080b 0804 0805 0806 0401 0501 0601 0303 0301 0302 0402 0502 0602";
const OPENSSL_SUITES: &str = "1302 1303 1301 c02c c030 009f cca9 cca8 ccaa c02b c02f 009e c024 c028 006b c023 c027 0067 \
    c00a c014 0039 c009 c013 0033 009d 009c 003d 003c 0035 002f 00ff";
const OPENSSL_GROUPS: &str = "001d 0017 001e 0019 0018 0100 0101 0102 0103 0104";
const JDK_SCHEMES: &str = "0403 0503 0603 0807 0808 0804 0805 0806 0809 080a 080b 0401 0501 0601 0402 0303 0301 0302 0203 0201 0202";
const CHROME_SCHEMES: &str = "0403 0804 0401 0503 0805 0501 0806 0601";
const CHROME_SUITES: &str = "2a2a 1301 1302 1303 c02b c02f c02c c030 cca9 cca8 c013 c014 009c 009d 002f 0035";

fn openssl() -> Sample {
    Sample {
        suites: OPENSSL_SUITES,
        kinds: "0 11 10 35 22 23 13 43 45 51",
        groups: OPENSSL_GROUPS,
        schemes: OPENSSL_SCHEMES,
        versions: "0304 0303 0302 0301",
        formats: &[0, 1, 2],
        ..Sample::default()
    }
}

fn jdk17() -> Sample {
    Sample {
        suites: "1302 1301 1303 c02c c02b cca9 c030 cca8 c02f 009f ccaa 00a3 009e 00a2 c024 c028 c023 c027 00ff",
        kinds: "0 5 10 11 17 23 35 13 43 45 50 51",
        groups: "001d 0017 0018 0019 001e 0100 0101 0102 0103 0104",
        schemes: JDK_SCHEMES,
        ..Sample::default()
    }
}

fn go() -> Sample {
    Sample {
        suites: "c02b c02f c02c c030 cca9 cca8 c009 c013 c00a c014 009c 009d 002f 0035 c012 000a 1301 1302 1303",
        kinds: "0 5 10 11 35 13 65281 18 43 51 45",
        groups: "001d 0017 0018 0019",
        schemes: "0804 0403 0807 0805 0806 0401 0501 0601 0503 0603 0201 0203",
        ..Sample::default()
    }
}

fn chrome() -> Sample {
    Sample {
        suites: CHROME_SUITES,
        kinds: "4a4a 18 11 43 51 27 65037 35 45 23 13 5 0 10 65281 17613 16 5a5a",
        groups: "3a3a 11ec 001d 0017 0018",
        schemes: CHROME_SCHEMES,
        alpn: &["h2", "http/1.1"],
        ..Sample::default()
    }
}

fn first(sample: &Sample) -> Option<Stack> {
    recognise(&hello(sample)).fits.first().copied()
}

#[track_caller]
fn assert_first(stack: Stack, sample: Sample) {
    let guess = recognise(&hello(&sample));
    assert_eq!(guess.fits.first(), Some(&stack), "{:?} because {}", guess.fits, guess.why);
}

#[test]
fn openssl_is_known_over_its_versions() {
    assert_first(Stack::OpenSsl, openssl());
    // 3.5, with ML-DSA and ML-KEM.
    assert_first(
        Stack::OpenSsl,
        Sample {
            kinds: "65281 0 11 10 35 22 23 13 43 45 51 27",
            groups: "11ec 001d 0017 001e 0018 0019 0100 0101",
            schemes: "0905 0906 0904 0403 0503 0603 0807 0808 081a 081b 081c 0809 080a 080b 0804 0805 0806 0401 0501 0601",
            ..openssl()
        },
    );
    // 1.0.2.
    assert_first(
        Stack::OpenSsl,
        Sample {
            suites: "c030 c02c c028 c024 c014 c00a 00a5 00a3 00a1 009f 00ff",
            kinds: "0 11 10 35 13 15",
            groups: "0017 0019 001c 001b 0018 001a 0016 000e 000d 000b 000c 0009 000a",
            schemes: "0601 0602 0603 0501 0502 0503 0401 0402 0403 0301 0302 0303 0201 0202 0203",
            versions: "",
            ..openssl()
        },
    );
}

#[test]
fn java_is_known_over_its_versions() {
    assert_first(Stack::Java, jdk17());
    // 11, which has no tickets, and 8 since it has TLS 1.3.
    assert_first(
        Stack::Java,
        Sample {
            kinds: "0 5 10 11 17 23 13 43 45 50 51",
            groups: "0017 0018 0019 0009 000a 000b 000c 000d 000e 0016 0100 0101",
            schemes: "0403 0503 0603 0804 0805 0806 0809 080a 080b 0401 0501 0601 0402 0303 0301 0302 0203 0201 0202",
            ..jdk17()
        },
    );
    // 8 before that.
    assert_first(
        Stack::Java,
        Sample {
            suites: "c024 c028 003d c026 c02a 006b 006a c00a c014 0035 c005 c00f 0039 0038 00ff",
            kinds: "10 11 13 23 0",
            groups: "0017 0001 0003 0013 0015 0006 0007 0009 000a 0018 000b 000c 0019",
            schemes: "0603 0601 0503 0501 0403 0401 0402 0303 0301 0302 0203 0201 0202",
            versions: "",
            ..Sample::default()
        },
    );
    // TLS 1.3 alone.
    assert_first(Stack::Java, Sample { suites: "1302 1301 1303", kinds: "0 5 10 13 43 45 50 51", ..jdk17() });
}

#[test]
fn go_is_known_over_its_versions_and_with_one_suite() {
    assert_first(Stack::Go, go());
    // 1.24, with ML-KEM, extended_master_secret and without RSA key exchange.
    assert_first(
        Stack::Go,
        Sample {
            suites: "c02b c02f c02c c030 cca9 cca8 c009 c013 c00a c014 1301 1302 1303",
            kinds: "0 5 10 11 35 13 65281 23 16 18 43 51 45",
            groups: "11ec 001d 0017 0018 0019",
            alpn: &["h2", "http/1.1"],
            ..go()
        },
    );
    assert_first(Stack::Go, Sample { suites: "c030", kinds: "0 5 10 11 35 13 65281 18 43", ..go() });
    // Without AES in hardware.
    assert_first(Stack::Go, Sample { suites: "cca9 cca8 c02b c02f c02c c030 1303 1301 1302", ..go() });
}

#[test]
fn chromium_is_known_shuffled_and_not_with_and_without_hybrids() {
    assert_first(Stack::Chromium, chrome());
    assert_first(
        Stack::Chromium,
        Sample {
            kinds: "0a0a 0 23 65281 10 11 35 16 5 13 18 51 45 43 27 17513 1a1a 21",
            groups: "3a3a 001d 0017 0018",
            ..chrome()
        },
    );
    // A library without GREASE.
    assert_first(
        Stack::BoringSsl,
        Sample {
            suites: "1301 1302 1303 c02b c02c cca9 c02f c030 cca8 c009 c00a c013 c014",
            kinds: "0 23 65281 10 11 35 16 5 13 51 45 43",
            groups: "001d 0017 0018",
            ..chrome()
        },
    );
}

#[test]
fn apple_is_told_from_chromium() {
    let safari = Sample {
        suites: "8a8a 1301 1302 1303 c02c c02b cca9 c030 c02f cca8 c00a c009 c014 c013 009d 009c 0035 002f c008 c012 000a",
        kinds: "0a0a 0 23 65281 10 11 16 5 13 18 51 45 43 27 1a1a 21",
        groups: "2a2a 001d 0017 0018 0019",
        schemes: "0403 0804 0401 0503 0203 0805 0805 0501 0806 0601 0201",
        ..chrome()
    };
    assert_first(Stack::Apple, safari);
    assert_first(
        Stack::Apple,
        Sample {
            suites: "00ff c02c c02b c024 c023 c00a c009 c008 c030 c02f c028 c027",
            kinds: "0 10 11 13 13172 16 5 18 23",
            groups: "0017 0018 0019",
            schemes: "0401 0201 0501 0601 0403 0203 0503",
            versions: "",
            ..Sample::default()
        },
    );
}

#[test]
fn schannel_is_known_with_and_without_tls_1_3() {
    assert_first(
        Stack::Schannel,
        Sample {
            suites: "c02c c02b c030 c02f c024 c023 c028 c027 c00a c009 c014 c013 009d 009c 003d 003c 0035 002f 000a",
            kinds: "0 5 10 11 13 35 23 65281",
            groups: "001d 0017 0018",
            schemes: "0804 0805 0806 0401 0501 0201 0403 0503 0203 0202 0601 0603",
            versions: "",
            ..Sample::default()
        },
    );
    assert_first(
        Stack::Schannel,
        Sample {
            suites: "1302 1301 c02c c02b c030 c02f c024 c023 c028 c027 c00a c009 c014 c013 009d 009c 003d 003c 0035 002f",
            kinds: "0 5 43 13 35 10 11 16 51 49 23 65281 45",
            groups: "001d 0017 0018",
            schemes: "0804 0805 0806 0401 0501 0201 0403 0503 0203 0202 0601 0603",
            ..Sample::default()
        },
    );
}

#[test]
fn nss_and_firefox_are_told_apart_by_what_a_browser_asks_for() {
    let nss = Sample {
        suites: "1301 1303 1302 c02b c02f cca9 cca8 c02c c030 c00a c009 c013",
        kinds: "0 23 65281 10 11 51 43 13 45 28 21",
        groups: "001d 0017 0018 0019 0100 0101",
        schemes: "0403 0503 0603 0203 0804 0805 0806 0401 0501 0601 0201",
        ..Sample::default()
    };
    assert_first(Stack::Nss, nss);
    assert_first(
        Stack::Firefox,
        Sample {
            kinds: "0 23 65281 10 11 35 16 5 34 18 51 43 13 45 28 27 65037",
            groups: "11ec 001d 0017 0018 0019 0100 0101",
            schemes: "0403 0503 0603 0804 0805 0806 0401 0501 0601 0203 0201",
            alpn: &["h2", "http/1.1"],
            ..nss
        },
    );
}

#[test]
fn small_libraries_are_known_by_their_lists() {
    assert_first(
        Stack::Rustls,
        Sample {
            suites: "1302 1301 1303 c02c c02b cca9 c030 c02f cca8 00ff",
            kinds: "43 45 5 35 23 11 0 51 10 13",
            groups: "11ec 001d 0017 0018",
            schemes: "0503 0403 0603 0807 0806 0805 0804 0601 0501 0401",
            ..Sample::default()
        },
    );
    assert_first(
        Stack::MbedTls,
        Sample {
            suites: "cca8 cca9 ccaa c02c c030 009f c0ad c09f c024 c028 006b c00a c087 00ff",
            kinds: "0 13 10 11 22 23 35",
            groups: "0019 001c 0018 001b 0017 0016 001a",
            schemes: "0603 0601 0503 0501 0403 0401 0303 0301",
            versions: "",
            ..Sample::default()
        },
    );
    assert_first(
        Stack::WolfSsl,
        Sample {
            suites: "1301 1302 1303 1304 1305 c0b4 c0b5 c02c c02b c030 c02f 009f 009e",
            kinds: "45 51 43 13 11 10 22 0 23",
            groups: "0019 001c 0018 001b 001e 0017",
            schemes: "0603 0503 0403 0203 0807 0808 0806 080b 0805 080a 0804 0809 0601",
            ..Sample::default()
        },
    );
}

#[test]
fn gnutls_and_wget_are_told_apart_in_tls_1_3() {
    let gnutls = Sample {
        suites: "1302 1303 1301 1304 c02c cca9 c0ad c00a c02b c0ac c009 c030",
        kinds: "5 10 11 13 22 23 35 51 43 65281 0 45 28",
        groups: "0017 0018 0019 001d 001e 0100 0101",
        schemes: "0401 0809 0804 0403 0807 0501 080a 0805 0503 0808 0601",
        ..Sample::default()
    };
    assert_eq!(recognise(&hello(&gnutls)).fits, [Stack::GnuTls]);
    let wget = Sample { kinds: "5 10 11 13 35 51 43 49 65281 0 45 28 21", ..gnutls };
    assert_eq!(recognise(&hello(&wget)).fits, [Stack::Wget, Stack::GnuTls]);
    let tls12 = Sample {
        suites: "c02c cca9 c0ad c00a c02b c0ac",
        kinds: "5 10 11 13 22 23 35 65281 0 28",
        versions: "",
        ..gnutls
    };
    assert_eq!(recognise(&hello(&tls12)).fits, [Stack::GnuTls, Stack::Wget]);
}

#[test]
fn programs_on_openssl_are_told_apart_by_what_they_configure() {
    let of = |suites| Sample { suites, ..openssl() };
    assert_first(
        Stack::Node,
        of("1302 1303 1301 c02f c02b c030 c02c 009e c027 0067 c028 006b 00a3 009f 00ff"),
    );
    assert_first(Stack::Php, of("1302 1303 1301 c02f c02b c030 c02c 009e 00a2 00a3 009f c027 c023 00ff"));
    assert_first(
        Stack::Python,
        of("1302 1303 1301 c02c c030 c02b c02f cca9 cca8 c024 c028 c023 c027 009f 00ff"),
    );
    assert_first(Stack::Stunnel, of("1302 1301 1303 c02c c030 cca9 cca8 c0af c0ad 00ff"));
    assert_first(
        Stack::Ruby,
        Sample { session_id: 0, kinds: "0 11 10 35 22 23 49 13 43 45 51 21", ..openssl() },
    );
    assert_first(
        Stack::Curl,
        Sample { kinds: "0 11 10 16 22 23 49 13 43 45 51 21", alpn: &["h2", "http/1.1"], ..openssl() },
    );
}

#[test]
fn padding_tells_the_programs_that_turn_on_all_workarounds() {
    let without = recognise(&hello(&openssl())).fits;
    assert!(without.contains(&Stack::Nginx) && !without.contains(&Stack::HaProxy), "{without:?}");
    let with = recognise(&hello(&Sample { kinds: "0 11 10 35 22 23 13 43 45 51 21", ..openssl() })).fits;
    assert!(with.contains(&Stack::HaProxy) && !with.contains(&Stack::Nginx), "{with:?}");
}

#[test]
fn a_hello_like_no_other_has_no_guess() {
    assert_eq!(first(&Sample { suites: "002f", kinds: "", ..Sample::default() }), None);
    assert_eq!(
        first(&Sample { suites: "c0de 002f 1301", kinds: "77 0 99", groups: "0017", ..Sample::default() }),
        None
    );
    let sslv2 = ClientHello { sslv2: true, ..hello(&openssl()) };
    assert_eq!(recognise(&sslv2), StackGuess::default());
}

#[test]
fn the_reason_names_what_agreed() {
    let why = recognise(&hello(&go())).why;
    assert!(
        why.starts_with("the order of its extensions, the signature schemes")
            && why.ends_with("are those of Go"),
        "{why}"
    );
}

#[test]
fn a_guess_that_was_made_before_is_the_same() {
    let mut recogniser = Recogniser::default();
    let samples = [openssl(), jdk17(), go(), chrome()];
    for sample in samples.iter().chain(&samples) {
        for session_id in [0, 32] {
            let hello = hello(&Sample { session_id, ..*sample });
            assert_eq!(*recogniser.recognise(&hello), recognise(&hello));
        }
    }
}
