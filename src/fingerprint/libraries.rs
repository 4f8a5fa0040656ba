//! What the hellos of each TLS library have in common over its versions.
//!
//! A library writes its extensions in an order of its own, has its own list of signature schemes, its own order of
//! cipher suites and of groups. A program may configure one or two of these, hardly all.

use super::marks;
use super::shape::Shape;
use super::stack::Stack;

/// The habits of one library.
pub(super) struct Library {
    /// The stack that stands for it.
    pub(super) stack: Stack,
    /// Orders of extensions, one per generation. Empty when it shuffles them.
    pub(super) orders: &'static [&'static [u16]],
    /// Beginnings of the list of signature schemes, post-quantum ones left out.
    pub(super) schemes: &'static [&'static [u16]],
    /// Beginnings of the suites of TLS 1.2 and below.
    pub(super) suites: &'static [&'static [u16]],
    /// Beginnings of the list of groups, hybrid ones left out.
    pub(super) groups: &'static [&'static [u16]],
    /// The order of the suites of TLS 1.3.
    pub(super) tls13: &'static [&'static [u16]],
    /// Points for what else is peculiar to it; negative for what it never does.
    pub(super) marks: fn(&Shape<'_>) -> i32,
}

/// All libraries that are known.
pub(super) const LIBRARIES: &[Library] = &[
    Library {
        stack: Stack::OpenSsl,
        orders: &[
            // 1.1.1 and 3.
            &[
                65281, 0, 1, 12, 11, 10, 35, 5, 13172, 16, 14, 22, 18, 23, 50, 49, 19, 20, 13, 43, 45, 51,
                44, 27, 42, 47, 21, 41,
            ],
            // 1.0 and 1.1.0.
            &[0, 65281, 12, 11, 10, 35, 13, 5, 15, 13172, 16, 14, 22, 18, 23, 21],
        ],
        schemes: &[
            &[0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0809],
            &[0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x081a],
            &[0x0601, 0x0602, 0x0603, 0x0501, 0x0502],
        ],
        suites: &[
            &[0xc02c, 0xc030, 0x009f, 0xcca9],
            &[0xc030, 0xc02c, 0xc028, 0xc024],
            &[0xc014, 0xc00a, 0x0039, 0x0038],
        ],
        groups: &[
            &[0x001d, 0x0017, 0x001e, 0x0019, 0x0018],
            &[0x001d, 0x0017, 0x001e, 0x0018, 0x0019],
            &[0x0017, 0x0019, 0x001c, 0x001b, 0x0018],
            &[0x001d, 0x0017, 0x0019, 0x0018],
            &[0x000e, 0x000d, 0x0019, 0x000b, 0x000c],
        ],
        tls13: &[&[0x1302, 0x1303, 0x1301]],
        marks: marks::openssl,
    },
    Library {
        stack: Stack::LibreSsl,
        orders: &[
            &[43, 51, 0, 65281, 5, 11, 10, 35, 13, 16, 44, 14, 45, 41],
            &[0, 65281, 11, 10, 35, 13, 5, 16, 14, 21],
        ],
        schemes: &[
            &[0x0806, 0x0601, 0x0603, 0x0805, 0x0501, 0x0503],
            &[0x0601, 0x0603, 0xefef],
            &[0x0601, 0x0603, 0x0501, 0x0503, 0x0401, 0x0403, 0x0301],
        ],
        suites: &[&[0xcca9, 0xcca8, 0xccaa], &[0xc030, 0xc02c, 0xc028, 0xc024]],
        groups: &[&[0x001d, 0x0017, 0x0018]],
        tls13: &[&[0x1302, 0x1303, 0x1301]],
        marks: marks::libressl,
    },
    Library {
        stack: Stack::Java,
        orders: &[
            // 11 and later, and 8 since it has TLS 1.3.
            &[0, 1, 5, 10, 11, 16, 17, 23, 35, 13, 43, 44, 45, 47, 50, 51, 65281, 41],
            // 7, and 8 before that.
            &[10, 11, 13, 23, 0, 1, 5, 17, 16, 65281],
        ],
        schemes: &[
            &[0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804],
            &[0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0809],
            &[0x0603, 0x0601, 0x0503, 0x0501, 0x0403, 0x0401, 0x0402],
            &[0x0603, 0x0601, 0x0503, 0x0501, 0x0403, 0x0401, 0x0303, 0x0301, 0x0203],
        ],
        suites: &[
            &[0xc02c, 0xc02b, 0xcca9, 0xc030],
            &[0xc02c, 0xc02b, 0xc030, 0x009d, 0xc02e],
            &[0xc02b, 0xc02f, 0x009c, 0xc02d],
            &[0xc024, 0xc028, 0x003d, 0xc026],
            &[0xc023, 0xc027, 0x003c, 0xc025],
        ],
        groups: &[
            &[0x001d, 0x0017, 0x0018, 0x0019, 0x001e],
            &[0x0017, 0x0018, 0x0019, 0x0009, 0x000a],
            &[0x0017, 0x0001, 0x0003, 0x0013, 0x0015],
            &[0x0017, 0x0018, 0x0019, 0x0100],
        ],
        tls13: &[&[0x1302, 0x1301, 0x1303], &[0x1302, 0x1301], &[0x1301, 0x1302, 0x1303], &[0x1301, 0x1302]],
        marks: marks::java,
    },
    Library {
        stack: Stack::Go,
        orders: &[&[13172, 0, 5, 10, 11, 35, 13, 50, 65281, 23, 16, 18, 43, 44, 51, 42, 45, 57, 65037, 41]],
        schemes: &[
            &[0x0804, 0x0403, 0x0807, 0x0805, 0x0806, 0x0401],
            &[0x0804, 0x0805, 0x0806, 0x0401, 0x0403],
            &[0x0401, 0x0403, 0x0501, 0x0503],
        ],
        suites: &[
            &[0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc009],
            &[0xcca9, 0xcca8, 0xc02b, 0xc02f, 0xc02c],
            &[0xc02f, 0xc030, 0xc02b, 0xc02c, 0xcca8],
            &[0xcca8, 0xcca9, 0xc02f, 0xc030, 0xc02b],
        ],
        groups: &[&[0x001d, 0x0017, 0x0018, 0x0019]],
        tls13: &[&[0x1301, 0x1302, 0x1303], &[0x1303, 0x1301, 0x1302], &[0x1301, 0x1303, 0x1302]],
        marks: marks::go,
    },
    Library {
        stack: Stack::Rustls,
        orders: &[],
        schemes: &[
            &[0x0503, 0x0403, 0x0807, 0x0806, 0x0805, 0x0804, 0x0601],
            &[0x0503, 0x0403, 0x0603, 0x0807, 0x0806, 0x0805],
            &[0x0603, 0x0503, 0x0403, 0x0807, 0x0806, 0x0805, 0x0804],
            &[0x0503, 0x0403, 0x0806, 0x0805, 0x0804, 0x0601],
        ],
        suites: &[
            &[0xc02c, 0xc02b, 0xcca9, 0xc030, 0xc02f, 0xcca8],
            &[0xcca9, 0xcca8, 0xc02c, 0xc030, 0xc02b, 0xc02f],
        ],
        groups: &[&[0x001d, 0x0017, 0x0018]],
        tls13: &[&[0x1302, 0x1301, 0x1303], &[0x1303, 0x1302, 0x1301]],
        marks: marks::rustls,
    },
    Library {
        stack: Stack::GnuTls,
        orders: &[
            &[
                1, 5, 19, 20, 10, 11, 12, 13, 14, 15, 16, 22, 23, 35, 51, 43, 49, 65281, 0, 44, 42, 45, 28,
                27, 21, 41,
            ],
            // 3.5 and before.
            &[22, 23, 5, 0, 65281, 35, 10, 11, 13, 16],
        ],
        schemes: &[
            &[0x0401, 0x0809, 0x0804, 0x0403],
            &[0x0401, 0x0403, 0x0501, 0x0503, 0x0601, 0x0603, 0x0301],
        ],
        suites: &[
            &[0xc02c, 0xcca9, 0xc0ad, 0xc00a],
            &[0xc02b, 0xc02c, 0xc086, 0xc087],
            &[0xc02c, 0xc087, 0xcca9, 0xc0ad],
        ],
        groups: &[&[0x0017, 0x0018, 0x0019, 0x001d, 0x001e], &[0x0017, 0x0018, 0x0019, 0x0015, 0x0013]],
        tls13: &[&[0x1302, 0x1303, 0x1301, 0x1304]],
        marks: marks::gnutls,
    },
    Library {
        stack: Stack::MbedTls,
        orders: &[
            &[0, 65281, 13, 10, 11, 256, 54, 1, 4, 22, 23, 16, 14, 35],
            // 3.
            &[0, 16, 43, 44, 45, 51, 42, 10, 13, 65281, 11, 256, 54, 1, 22, 23, 14, 35, 28, 41],
        ],
        schemes: &[
            &[0x0603, 0x0601, 0x0503, 0x0501, 0x0403, 0x0401, 0x0303, 0x0301],
            &[0x0603, 0x0601, 0x0503, 0x0501, 0x0403, 0x0401],
            &[0x0403, 0x0503, 0x0603, 0x0806, 0x0805, 0x0804],
        ],
        suites: &[&[0xcca8, 0xcca9, 0xccaa], &[0xc02c, 0xc030, 0x009f, 0xc0ad], &[0xc02c, 0xc030, 0xc0ad]],
        groups: &[
            &[0x0019, 0x001c, 0x0018, 0x001b, 0x0017],
            &[0x001d, 0x0017, 0x0018, 0x001e, 0x0019, 0x001a],
        ],
        tls13: &[&[0x1302, 0x1301, 0x1303], &[0x1303, 0x1302, 0x1301], &[0x1302, 0x1301, 0x1304]],
        marks: marks::mbedtls,
    },
    Library {
        stack: Stack::WolfSsl,
        orders: &[
            &[45, 44, 51, 43, 13, 11, 10, 22, 5, 16, 35, 0, 23],
            &[43, 13, 45, 51, 44, 11, 10, 22, 5, 16, 35, 0, 23],
        ],
        schemes: &[
            &[0x0603, 0x0503, 0x0403, 0x0203],
            &[0x0603, 0x0503, 0x0403, 0x0807],
            &[0x0603, 0x0503, 0x0403, 0x0806],
            &[0x0603, 0x0503, 0x0403, 0x0601],
        ],
        suites: &[
            &[0xc02c, 0xc02b, 0xc030, 0xc02f, 0x009f, 0x009e],
            &[0xc02c, 0xc02b, 0xc030, 0xc02f, 0xcca9],
        ],
        groups: &[&[0x0019, 0x001c, 0x0018, 0x001b, 0x001e], &[0x0019, 0x0018, 0x0017]],
        tls13: &[&[0x1301, 0x1302, 0x1303, 0x1304], &[0x1302, 0x1301, 0x1303, 0x1304]],
        marks: marks::wolfssl,
    },
    Library {
        stack: Stack::Nss,
        orders: &[&[
            0, 23, 65281, 10, 11, 35, 13172, 16, 5, 34, 18, 51, 43, 13, 45, 42, 44, 28, 27, 65037, 57, 21, 41,
        ]],
        schemes: &[
            &[0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0401],
            &[0x0403, 0x0503, 0x0603, 0x0203, 0x0804],
            &[0x0403, 0x0503, 0x0603, 0x0203, 0x0401],
            &[0x0401, 0x0501, 0x0201, 0x0403, 0x0503],
            &[0x0401, 0x0501, 0x0601, 0x0201, 0x0403, 0x0503, 0x0603, 0x0203],
        ],
        suites: &[
            &[0xc02b, 0xc02f, 0xcca9, 0xcca8, 0xc02c, 0xc030, 0xc00a],
            &[0xc02b, 0xc02f, 0xc00a, 0xc009, 0xc013],
            &[0xc02b, 0xc02f, 0x009e, 0xcc14],
        ],
        groups: &[&[0x001d, 0x0017, 0x0018, 0x0019], &[0x0017, 0x0018, 0x0019]],
        tls13: &[&[0x1301, 0x1303, 0x1302]],
        marks: marks::nss,
    },
    Library {
        stack: Stack::BoringSsl,
        orders: &[
            &[
                0, 23, 65281, 10, 11, 35, 16, 5, 13, 13172, 18, 30032, 30031, 14, 51, 45, 42, 43, 44, 57, 27,
                34, 17513, 17613, 21, 41,
            ],
            // Before TLS 1.3, and with it for a while.
            &[65281, 0, 23, 35, 13, 5, 13172, 18, 16, 30032, 30031, 11, 51, 45, 43, 10, 27, 21, 41],
        ],
        schemes: &[
            &[0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601],
            &[0x0601, 0x0603, 0x0501, 0x0503, 0x0401, 0x0403, 0x0201],
        ],
        suites: &[
            &[0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013],
            &[0xc02b, 0xc02c, 0xcca9, 0xc02f, 0xc030, 0xcca8],
            &[0xc02b, 0xc02f, 0x009e, 0xcc14],
            &[0xcca9, 0xcca8, 0xc02b, 0xc02f, 0xc02c, 0xc030],
        ],
        groups: &[&[0x001d, 0x0017, 0x0018]],
        tls13: &[&[0x1301, 0x1302, 0x1303], &[0x1303, 0x1301, 0x1302]],
        marks: marks::boringssl,
    },
    Library {
        stack: Stack::Apple,
        orders: &[
            &[0, 23, 65281, 10, 11, 16, 5, 13, 18, 51, 45, 43, 27, 21, 41],
            &[65281, 0, 23, 35, 13, 5, 13172, 18, 16, 11, 51, 45, 43, 10, 21, 41],
            &[0, 10, 11, 13, 13172, 16, 5, 18, 23],
        ],
        schemes: &[
            &[0x0403, 0x0804, 0x0401, 0x0503, 0x0203, 0x0805],
            &[0x0403, 0x0804, 0x0401, 0x0503, 0x0805],
            &[0x0401, 0x0201, 0x0501, 0x0601, 0x0403],
            &[0x0403, 0x0503, 0x0401, 0x0501],
        ],
        suites: &[
            &[0xc02c, 0xc02b, 0xcca9, 0xc030, 0xc02f, 0xcca8],
            &[0xc02c, 0xc02b, 0xc024, 0xc023, 0xc00a],
            &[0xc024, 0xc023, 0xc00a, 0xc009],
        ],
        groups: &[&[0x001d, 0x0017, 0x0018, 0x0019], &[0x0017, 0x0018, 0x0019]],
        tls13: &[&[0x1301, 0x1302, 0x1303], &[0x1302, 0x1303, 0x1301]],
        marks: marks::apple,
    },
    Library {
        stack: Stack::Schannel,
        orders: &[
            &[0, 5, 10, 11, 13, 35, 16, 23, 24, 43, 45, 51, 65281, 41],
            &[65281, 0, 5, 10, 11, 13, 35, 16, 23],
            // With TLS 1.3.
            &[0, 5, 43, 13, 35, 10, 11, 16, 51, 49, 23, 24, 65281, 57, 45, 41],
        ],
        schemes: &[
            &[0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0201, 0x0403, 0x0503],
            &[0x0401, 0x0501, 0x0201, 0x0403, 0x0503, 0x0203, 0x0202],
            &[0x0601, 0x0603, 0x0401, 0x0501, 0x0201, 0x0403],
            &[0x0401, 0x0501, 0x0601, 0x0403, 0x0503, 0x0603, 0x0201, 0x0203, 0x0202],
            &[0x0401, 0x0403, 0x0201, 0x0203, 0x0202],
        ],
        suites: &[
            &[0xc02c, 0xc02b, 0xc030, 0xc02f, 0xc024],
            &[0xc02c, 0xc02b, 0xc030, 0xc02f, 0x009f, 0x009e],
            &[0xc028, 0xc027, 0xc014, 0xc013],
            &[0x003c, 0x002f, 0x003d, 0x0035],
            &[0x002f, 0x0035, 0x0005, 0x000a],
        ],
        groups: &[&[0x001d, 0x0017, 0x0018], &[0x0017, 0x0018]],
        tls13: &[&[0x1302, 0x1301]],
        marks: marks::schannel,
    },
];
