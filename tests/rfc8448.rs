//! The records of RFC 8448 open with the secrets that it gives.

use tlspcap::iana::{CipherSuite, Version};
use tlspcap::tls::decrypt::{DecryptError, Decryptor, HashKind};
use tlspcap::tls::keylog::Secrets;
use tlspcap::tls::message::{ServerHello, Side};

const CLIENT_RANDOM: &str = "cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece7";

/// Section 3, as a key log would have it.
const SECRETS: [(&str, &str); 4] = [
    ("CLIENT_HANDSHAKE_TRAFFIC_SECRET", "b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21"),
    ("SERVER_HANDSHAKE_TRAFFIC_SECRET", "b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38"),
    ("CLIENT_TRAFFIC_SECRET_0", "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5"),
    ("SERVER_TRAFFIC_SECRET_0", "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643"),
];

/// EncryptedExtensions, Certificate, CertificateVerify, Finished.
const SERVER_FLIGHT: &str = "
    17030302a2d1ff334a56f5bff6594a07cc87b580233f500f45e489e7f33af35edf7869fcf40aa40aa2b8ea73f848a7ca
    07612ef9f945cb960b4068905123ea78b111b429ba9191cd05d2a389280f526134aadc7fc78c4b729df828b5ecf7b13b
    d9aefb0e57f271585b8ea9bb355c7c79020716cfb9b1183ef3ab20e37d57a6b9d7477609aee6e122a4cf51427325250c
    7d0e509289444c9b3a648f1d71035d2ed65b0e3cdd0cbae8bf2d0b227812cbb360987255cc744110c453baa4fcd61092
    8d809810e4b7ed1a8fd991f06aa6248204797e36a6a73b70a2559c09ead686945ba246ab66e5edd8044b4c6de3fcf2a8
    9441ac66272fd8fb330ef8190579b3684596c960bd596eea520a56a8d650f563aad27409960dca63d3e688611ea5e22f
    4415cf9538d51a200c27034272968a264ed6540c84838d89f72c24461aad6d26f59ecaba9acbbb317b66d902f4f292a3
    6ac1b639c637ce343117b659622245317b49eeda0c6258f100d7d961ffb138647e92ea330faeea6dfa31c7a84dc3bd7e
    1b7a6c7178af36879018e3f252107f243d243dc7339d5684c8b0378bf30244da8c87c843f5e56eb4c5e8280a2b48052c
    f93b16499a66db7cca71e4599426f7d461e66f99882bd89fc50800becca62d6c74116dbd2972fda1fa80f85df881edbe
    5a37668936b335583b599186dc5c6918a396fa48a181d6b6fa4f9d62d513afbb992f2b992f67f8afe67f76913fa388cb
    5630c8ca01e0c65d11c66a1e2ac4c85977b7c7a6999bbf10dc35ae69f5515614636c0b9b68c19ed2e31c0b3b66763038
    ebba42f3b38edc0399f3a9f23faa63978c317fc9fa66a73f60f0504de93b5b845e275592c12335ee340bbc4fddd50278
    4016e4b3be7ef04dda49f4b440a30cb5d2af939828fd4ae3794e44f94df5a631ede42c1719bfdabf0253fe5175be898e
    750edc53370d2b";

const CLIENT_FINISHED: &str = "
    170303003575ec4dc238cce60b298044a71e219c56cc77b0517fe9b93c7a4bfc44d87f38f80338ac98fc46deb384bd1c
    aeacab6867d726c40546";

const NEW_SESSION_TICKET: &str = "
    17030300de3a6b8f90414a97d6959c3487680de5134a2b240e6cffac116e95d41d6af8f6b580dcf3d11d63c758db289a
    015940252f55713e061dc13e078891a38efbcf5753ad8ef170ad3c7353d16d9da773b9ca7f2b9fa1b6c0d4a3d03f75e0
    9c30ba1e62972ac46f75f7b981be63439b2999ce13064615139891d5e4c5b406f16e3fc181a77ca475840025db2f0a77
    f81b5ab05b94c01346755f69232c86519d86cbeeac87aac347d143f9605d64f650db4d023e70e952ca49fe5137121c74
    bc2697687e248746d6df353005f3bce18696129c8153556b3b6c6779b37bf15985684f";

const CLIENT_DATA: &str = "
    1703030043a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f2b9819a8a5b46b395bd54a9a20441e2b
    62974e1f5a6292a2977014bd1e3deae63aeebb21694915e4";

const SERVER_DATA: &str = "
    17030300432e937e11ef4ac740e538ad36005fc4a46932fc3225d05f82aa1b36e30efaf97d90e6dffc602dcb501a59a8
    fcc49c4bf2e5f0a21c0047c2abf332540dd032e167c2955d";

const CLIENT_CLOSE: &str = "1703030013c9872760655666b74d7ff1153efd6db6d0b0e3";

const SERVER_CLOSE: &str = "1703030013b58fd67166ebf599d24720cfbe7efa7a8864a9";

/// Section 4: the early data of the resumed handshake, `ABCDEF`.
const EARLY_SECRET: &str = "3fbbe6a60deb66c30a32795aba0eff7eaa10105586e7be5c09678d63b6caab62";
const EARLY_DATA: &str = "1703030017ab1df420e75c457a7cc5d2844f76d5aee4b4edbf049be0";

fn hex(text: &str) -> Vec<u8> {
    data_encoding::HEXLOWER.decode(text.replace(char::is_whitespace, "").as_bytes()).unwrap()
}

fn decryptor(lines: &[(&str, &str)], early: bool) -> Decryptor {
    let mut secrets = Secrets::default();
    for (label, secret) in lines {
        assert_eq!(secrets.parse(format!("{label} {CLIENT_RANDOM} {secret}").as_bytes(), "RFC 8448"), []);
    }
    let hello = ServerHello {
        version: Version(0x0303),
        selected_version: Some(Version(0x0304)),
        cipher_suite: CipherSuite(0x1301),
        ..ServerHello::default()
    };
    Decryptor::new(&secrets, &hex(CLIENT_RANDOM).try_into().unwrap(), &hello, early).unwrap()
}

fn open(decryptor: &mut Decryptor, from: Side, record: &str) -> Result<(u8, Vec<u8>), DecryptError> {
    let (record, mut out) = (hex(record), Vec::new());
    let kind = decryptor.open(from, record[..5].try_into().unwrap(), &record[5..], &mut out)?;
    Ok((kind, out))
}

#[test]
fn the_simple_handshake_opens_record_by_record() {
    let mut decryptor = decryptor(&SECRETS, false);
    assert_eq!(decryptor.suite_name(), "TLS_AES_128_GCM_SHA256");
    assert_eq!(decryptor.hash(), HashKind::Sha256);

    let (kind, flight) = open(&mut decryptor, Side::Server, SERVER_FLIGHT).unwrap();
    assert_eq!((kind, flight.len()), (22, 657));
    assert!(flight.starts_with(&hex("080000240022000a0014")));
    let finished = "140000209b9b141d906337fbd2cbdce71df4deda4ab42c309572cb7fffee5454b78f0718";
    assert!(flight.ends_with(&hex(finished)));
    decryptor.finished(Side::Server);

    let finished = "14000020a8ec436d677634ae525ac1fcebe11a039ec17694fac6e98527b642f2edd5ce61";
    assert_eq!(open(&mut decryptor, Side::Client, CLIENT_FINISHED), Ok((22, hex(finished))));
    decryptor.finished(Side::Client);

    let (kind, ticket) = open(&mut decryptor, Side::Server, NEW_SESSION_TICKET).unwrap();
    assert_eq!((kind, ticket.len(), ticket[0]), (22, 205, 4));
    let data: Vec<u8> = (0..50).collect();
    assert_eq!(open(&mut decryptor, Side::Client, CLIENT_DATA), Ok((23, data.clone())));
    assert_eq!(open(&mut decryptor, Side::Server, SERVER_DATA), Ok((23, data)));
    assert_eq!(open(&mut decryptor, Side::Client, CLIENT_CLOSE), Ok((21, vec![1, 0])));
    assert_eq!(open(&mut decryptor, Side::Server, SERVER_CLOSE), Ok((21, vec![1, 0])));
}

#[test]
fn a_record_that_comes_twice_or_too_soon_does_not_open() {
    let mut decryptor = decryptor(&SECRETS, false);
    assert_eq!(open(&mut decryptor, Side::Server, SERVER_DATA), Err(DecryptError::BadRecord));
    assert!(open(&mut decryptor, Side::Server, SERVER_FLIGHT).is_ok());
    assert_eq!(open(&mut decryptor, Side::Server, SERVER_FLIGHT), Err(DecryptError::BadRecord));
}

#[test]
fn application_records_open_when_only_their_secrets_are_logged() {
    let mut decryptor = decryptor(&SECRETS[2..], false);
    assert_eq!(open(&mut decryptor, Side::Server, SERVER_FLIGHT), Err(DecryptError::BadRecord));
    let (kind, _) = open(&mut decryptor, Side::Server, NEW_SESSION_TICKET).unwrap();
    assert_eq!(kind, 22);
    assert!(open(&mut decryptor, Side::Server, SERVER_DATA).is_ok());
}

#[test]
fn early_data_opens_under_the_early_secret() {
    let mut decryptor = decryptor(&[("CLIENT_EARLY_TRAFFIC_SECRET", EARLY_SECRET)], true);
    assert_eq!(open(&mut decryptor, Side::Client, EARLY_DATA), Ok((23, b"ABCDEF".to_vec())));
    assert_eq!(open(&mut decryptor, Side::Server, SERVER_FLIGHT), Err(DecryptError::NoKey));
}

#[test]
fn a_finished_fits_only_its_own_transcript() {
    // Section 3: the hash of ClientHello to CertificateVerify.
    let transcript = hex("edb7725fa7a3473b031ec8ef65a2485493900138a2b91291407d7951a06110ed");
    let data = hex("9b9b141d906337fbd2cbdce71df4deda4ab42c309572cb7fffee5454b78f0718");
    let decryptor = decryptor(&SECRETS, false);
    assert_eq!(decryptor.verify_finished(Side::Server, &transcript, &data), Some(true));
    assert_eq!(decryptor.verify_finished(Side::Server, &data, &data), Some(false));
    assert_eq!(decryptor.verify_finished(Side::Client, &transcript, &data), Some(false));
}
