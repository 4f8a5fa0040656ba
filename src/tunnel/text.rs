//! STARTTLS in the protocols of lines: SMTP and LMTP (RFC 3207), IMAP (RFC 9051 §6.2.1), POP3 (RFC 2595 §4),
//! FTP (RFC 4217 §4), NNTP (RFC 4642), ManageSieve (RFC 5804 §2.2) and IRC.

use super::identify::{contains, sample};
use super::step::{Peer, Step};

/// Follows lines of both sides until one asks for TLS and the other answers.
#[derive(Debug, Default)]
pub(super) struct Text {
    flavour: Flavour,
    asked: Option<Asked>,
    /// The side that greets and answers. Its lines may hold the name of the command as a capability.
    server: Option<Peer>,
    /// The rest of a line that is too long to be kept is being skipped: A, B.
    mid_line: [bool; 2],
    /// The client asked what the server offers: EHLO, CAPA, CAPABILITY.
    asked_for_list: bool,
    /// A line of the server named TLS as something that it offers.
    offers: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Flavour {
    #[default]
    Unknown,
    Smtp,
    Ftp,
    Imap,
    Pop3,
    Nntp,
    Sieve,
    Irc,
}

#[derive(Debug)]
struct Asked {
    from: Peer,
    /// IMAP's tag, which the answer repeats.
    tag: Vec<u8>,
}

/// A longer line says nothing that matters here.
const LINE_BYTES: usize = 1024;

impl Text {
    pub(super) fn kind(&self) -> &'static str {
        match self.flavour {
            Flavour::Unknown => "starttls",
            Flavour::Smtp => "starttls-smtp",
            Flavour::Ftp => "starttls-ftp",
            Flavour::Imap => "starttls-imap",
            Flavour::Pop3 => "starttls-pop3",
            Flavour::Nntp => "starttls-nntp",
            Flavour::Sieve => "starttls-sieve",
            Flavour::Irc => "starttls-irc",
        }
    }

    /// The protocol's name, as far as its lines have shown it.
    pub(super) fn name(&self) -> &'static str {
        match self.flavour {
            Flavour::Unknown => "text",
            Flavour::Smtp => "SMTP",
            Flavour::Ftp => "FTP",
            Flavour::Imap => "IMAP",
            Flavour::Pop3 => "POP3",
            Flavour::Nntp => "NNTP",
            Flavour::Sieve => "ManageSieve",
            Flavour::Irc => "IRC",
        }
    }

    pub(super) fn step(&mut self, from: Peer, bytes: &[u8]) -> Step {
        if self.asked.as_ref().is_some_and(|asked| asked.from == from) {
            return Step::Wait;
        }
        let Some(end) = memchr::memchr(b'\n', bytes) else {
            if bytes.len() <= LINE_BYTES {
                return Step::Wait;
            }
            self.mid_line[from as usize] = true;
            return Step::Used(bytes.len());
        };
        let used = end + 1;
        if std::mem::take(&mut self.mid_line[from as usize]) {
            return Step::Used(used);
        }
        let line = bytes.get(..end).unwrap_or_default().trim_ascii_end();
        if self.asked.is_some() { self.answer(line, used) } else { self.talk(from, line, used) }
    }

    /// A line while nothing is asked.
    fn talk(&mut self, from: Peer, line: &[u8], used: usize) -> Step {
        self.learn(line);
        if answers(line) {
            self.server.get_or_insert(from);
        }
        if self.server == Some(from) {
            return self.offer(line, used);
        }
        self.asked_for_list = self.asks_for_list(line);
        if let Some(tag) = self.request(line) {
            self.asked = Some(Asked { from, tag });
            return Step::Asks(used);
        }
        if self.past_the_beginning(line) { Step::Plain(self.name()) } else { Step::Used(used) }
    }

    /// A line of the server while nothing is asked: at the end of what it offers it is known whether TLS is among it.
    fn offer(&mut self, line: &[u8], used: usize) -> Step {
        self.offers |= contains(line, b"STARTTLS") || line.eq_ignore_ascii_case(b"STLS");
        let last = match self.flavour {
            Flavour::Smtp => code(line) == Some(250),
            Flavour::Pop3 => line == b".",
            Flavour::Imap => line.starts_with(b"* CAPABILITY"),
            _ => false,
        };
        if !last || !std::mem::take(&mut self.asked_for_list) || self.offers {
            return Step::Used(used);
        }
        let words = match self.flavour {
            Flavour::Smtp => "the answer to EHLO does not offer STARTTLS",
            Flavour::Pop3 => "the answer to CAPA does not offer STLS",
            _ => "the answer to CAPABILITY does not offer STARTTLS",
        };
        Step::Withholds(used, words.to_owned())
    }

    fn asks_for_list(&self, line: &[u8]) -> bool {
        let word = first_word(line);
        match self.flavour {
            Flavour::Smtp => word.eq_ignore_ascii_case(b"EHLO") || word.eq_ignore_ascii_case(b"LHLO"),
            Flavour::Pop3 => line.eq_ignore_ascii_case(b"CAPA"),
            Flavour::Imap => {
                line.get(word.len() + 1..).is_some_and(|rest| rest.eq_ignore_ascii_case(b"CAPABILITY"))
            }
            _ => false,
        }
    }

    fn learn(&mut self, line: &[u8]) {
        if self.flavour != Flavour::Unknown {
            return;
        }
        let word = first_word(line);
        let is = |command: &[u8]| word.eq_ignore_ascii_case(command);
        self.flavour = match word {
            b"*" => Flavour::Imap,
            b"+OK" | b"-ERR" => Flavour::Pop3,
            b"200" | b"201" => Flavour::Nntp,
            _ if word.starts_with(b"220") && contains(line, b"FTP") => Flavour::Ftp,
            _ if word.starts_with(b"220") && (contains(line, b"SMTP") || contains(line, b"LMTP")) => {
                Flavour::Smtp
            }
            _ if is(b"EHLO") || is(b"HELO") || is(b"LHLO") => Flavour::Smtp,
            _ if is(b"FEAT") => Flavour::Ftp,
            _ if is(b"NICK") || is(b"CAP") || is(b"NOTICE") || line.starts_with(b":") => Flavour::Irc,
            _ if line.starts_with(b"\"") => Flavour::Sieve,
            _ => Flavour::Unknown,
        };
    }

    /// The tag of a request for TLS, empty where the protocol has none.
    fn request(&mut self, line: &[u8]) -> Option<Vec<u8>> {
        let is = |command: &[u8]| line.eq_ignore_ascii_case(command);
        if is(b"STARTTLS") {
            return Some(Vec::new());
        }
        if is(b"STLS") {
            self.flavour = Flavour::Pop3;
            return Some(Vec::new());
        }
        if is(b"AUTH TLS") || is(b"AUTH SSL") || is(b"AUTH TLS-C") || is(b"AUTH TLS-P") {
            self.flavour = Flavour::Ftp;
            return Some(Vec::new());
        }
        let tag = first_word(line);
        let rest = line.get(tag.len() + 1..)?;
        if rest.eq_ignore_ascii_case(b"STARTTLS") && !tag.starts_with(b"*") && code(line).is_none() {
            self.flavour = Flavour::Imap;
            return Some(tag.to_vec());
        }
        None
    }

    /// Commands after which nobody begins TLS any more.
    fn past_the_beginning(&self, line: &[u8]) -> bool {
        let commands: &[&[u8]] = match self.flavour {
            Flavour::Smtp => &[b"MAIL", b"DATA", b"BDAT"],
            Flavour::Ftp => &[b"PASV", b"EPSV", b"PORT", b"EPRT", b"LIST", b"RETR", b"STOR"],
            Flavour::Pop3 => &[b"STAT", b"LIST", b"UIDL", b"RETR"],
            Flavour::Nntp => &[b"GROUP", b"ARTICLE", b"POST"],
            Flavour::Irc => &[b"JOIN", b"PRIVMSG"],
            Flavour::Imap => &[b"SELECT", b"EXAMINE", b"FETCH", b"IDLE"],
            Flavour::Unknown | Flavour::Sieve => &[],
        };
        let tag = first_word(line);
        let word = match self.flavour {
            Flavour::Imap => first_word(line.get(tag.len() + 1..).unwrap_or_default()),
            _ => tag,
        };
        commands.iter().any(|command| word.eq_ignore_ascii_case(command))
    }

    /// A line of the side that was asked.
    fn answer(&mut self, line: &[u8], used: usize) -> Step {
        // A client may ask before anything has shown which protocol it is.
        self.learn(line);
        let tag = self.asked.as_ref().map_or(&[][..], |asked| &asked.tag);
        let granted = match self.flavour {
            Flavour::Imap => imap_answer(line, tag),
            Flavour::Pop3 => word_answer(line, b"+OK", &[b"-ERR"]),
            Flavour::Sieve => word_answer(line, b"OK", &[b"NO", b"BYE"]),
            Flavour::Irc => irc_answer(line),
            Flavour::Smtp => code_answer(line, &[220]),
            Flavour::Ftp => code_answer(line, &[234, 334]),
            Flavour::Nntp => code_answer(line, &[382]),
            Flavour::Unknown => code_answer(line, &[220, 234, 382])
                .or_else(|| word_answer(line, b"OK", &[b"NO", b"BYE", b"BAD", b"-ERR"])),
        };
        match granted {
            None => Step::Used(used),
            Some(true) => Step::Begins(used),
            Some(false) => {
                self.asked = None;
                Step::Refuses(used, sample(line))
            }
        }
    }
}

fn first_word(line: &[u8]) -> &[u8] {
    let end = memchr::memchr(b' ', line).unwrap_or(line.len());
    line.get(..end).unwrap_or(line)
}

/// Whether only a server says such a line.
fn answers(line: &[u8]) -> bool {
    let word = first_word(line);
    let coded = line.len() >= 4
        && line.iter().take(3).all(u8::is_ascii_digit)
        && matches!(line.get(3), Some(b' ' | b'-'));
    coded || matches!(word, b"*" | b"+OK" | b"-ERR") || line.starts_with(b"\"") || line.starts_with(b":")
}

/// The code of the last line of a reply: three digits and not a hyphen.
fn code(line: &[u8]) -> Option<u16> {
    match line {
        [a @ b'1'..=b'6', b @ b'0'..=b'9', c @ b'0'..=b'9']
        | [a @ b'1'..=b'6', b @ b'0'..=b'9', c @ b'0'..=b'9', b' ', ..] => {
            Some(u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0'))
        }
        _ => None,
    }
}

/// Other codes below 400 belong to commands that came before.
fn code_answer(line: &[u8], granting: &[u16]) -> Option<bool> {
    let code = code(line)?;
    if granting.contains(&code) { Some(true) } else { (code >= 400).then_some(false) }
}

fn word_answer(line: &[u8], grants: &[u8], refuses: &[&[u8]]) -> Option<bool> {
    let word = first_word(line);
    if word.eq_ignore_ascii_case(grants) {
        return Some(true);
    }
    refuses.iter().any(|refusal| word.eq_ignore_ascii_case(refusal)).then_some(false)
}

fn imap_answer(line: &[u8], tag: &[u8]) -> Option<bool> {
    let first = first_word(line);
    let rest = line.get(first.len() + 1..)?;
    if first == b"*" {
        return first_word(rest).eq_ignore_ascii_case(b"BYE").then_some(false);
    }
    if first == tag { word_answer(rest, b"OK", &[b"NO", b"BAD"]) } else { None }
}

/// Numerics of the IRCv3 `tls` extension: 670 grants, 691 refuses; a server without it says 421.
fn irc_answer(line: &[u8]) -> Option<bool> {
    let mut words = line.split(|&byte| byte == b' ').filter(|word| !word.starts_with(b":"));
    match words.next()? {
        b"670" => Some(true),
        b"691" | b"ERROR" => Some(false),
        b"421" | b"451" if contains(line, b"STARTTLS") => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::script::{ANSWER, HELLO, a, assert_begins, assert_refused, b, play};

    #[test]
    fn smtp_begins_after_220() {
        let turns = [
            b("220-mail.example\r\n220 ready\r\n"),
            a("EHLO client.example\r\n"),
            b("250-mail.example\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 HELP\r\n"),
            a("STARTTLS\r\n"),
            b("220 2.0.0 Ready to start TLS\r\n"),
        ];
        assert_begins(&turns, "starttls-smtp", None);
    }

    #[test]
    fn smtp_refuses_with_454() {
        let turns = [
            b("220 mail.example ESMTP\r\n"),
            a("EHLO c\r\n"),
            b("250-mail.example\r\n250 HELP\r\n"),
            a("STARTTLS\r\n"),
            b("454 4.7.0 TLS not available due to local problem\r\n"),
        ];
        assert_refused(&turns, "starttls-smtp", "454 4.7.0 TLS not available due to local problem");
    }

    #[test]
    fn a_client_that_leaves_where_tls_is_not_offered_was_told_so() {
        let smtp = [b("220 x ESMTP\r\n"), a("EHLO c\r\n"), b("250-x\r\n250 SIZE 1\r\n")];
        let imap = [b("* OK hi\r\n"), a("1 CAPABILITY\r\n"), b("* CAPABILITY IMAP4rev1\r\n1 OK done\r\n")];
        let pop3 = [b("+OK hi\r\n"), a("CAPA\r\n"), b("+OK\r\nUSER\r\n.\r\n")];
        for (turns, leaves) in [(&smtp, "QUIT\r\n"), (&imap, "2 LOGOUT\r\n"), (&pop3, "QUIT\r\n")] {
            let withheld = |turns: &[_]| play(turns).summary.unwrap().withheld;
            assert!(withheld(turns).unwrap().contains("does not offer"));
            assert!(withheld(&[&turns[..], &[a(leaves)]].concat()).is_some());
            assert_eq!(play(&[&turns[..], &[a("x NOOP\r\n")]].concat()).summary, None);
        }
        let offered = [b("220 x ESMTP\r\n"), a("EHLO c\r\n"), b("250-x\r\n250 STARTTLS\r\n"), a("QUIT\r\n")];
        assert_eq!(play(&offered).summary, None);
    }

    #[test]
    fn a_grant_takes_an_earlier_refusal_back() {
        let turns = [
            b("220 mail.example ESMTP\r\n"),
            a("STARTTLS\r\n"),
            b("503 5.5.1 EHLO first\r\n"),
            a("EHLO c\r\n"),
            b("250 mail.example\r\n"),
            a("starttls\r\n"),
            b("220 go\r\n"),
        ];
        assert_begins(&turns, "starttls-smtp", None);
    }

    #[test]
    fn an_answer_to_an_earlier_command_is_no_answer() {
        let turns = [b("220 x\r\n"), a("EHLO c\r\nSTARTTLS\r\n"), b("250-x\r\n250 STARTTLS\r\n220 go\r\n")];
        assert_begins(&turns, "starttls-smtp", None);
    }

    #[test]
    fn lmtp_speaks_as_smtp_does() {
        assert_begins(
            &[b("220 x LMTP\r\n"), a("LHLO c\r\n"), b("250 x\r\n"), a("STARTTLS\r\n"), b("220 go\r\n")],
            "starttls-smtp",
            None,
        );
    }

    #[test]
    fn imap_answers_with_the_tag() {
        let greeting = b("* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n");
        assert_begins(
            &[greeting.clone(), a("a01 STARTTLS\r\n"), b("* CAPABILITY IMAP4rev1\r\na01 OK begin TLS\r\n")],
            "starttls-imap",
            None,
        );
        assert_refused(
            &[greeting.clone(), a("a01 starttls\r\n"), b("a01 BAD unknown\r\n")],
            "starttls-imap",
            "a01 BAD unknown",
        );
        assert_refused(&[greeting, a("a01 STARTTLS\r\n"), b("a01 NO no\r\n")], "starttls-imap", "a01 NO no");
    }

    #[test]
    fn pop3_asks_with_stls() {
        let start =
            [b("+OK POP3 ready\r\n"), a("CAPA\r\n"), b("+OK\r\nUIDL\r\nSTLS\r\n.\r\n"), a("STLS\r\n")];
        assert_begins(&[&start[..], &[b("+OK begin\r\n")]].concat(), "starttls-pop3", None);
        assert_refused(&[&start[..], &[b("-ERR no\r\n")]].concat(), "starttls-pop3", "-ERR no");
    }

    #[test]
    fn ftp_asks_with_auth_tls() {
        let start = [b("220 Welcome\r\n"), a("AUTH TLS\r\n")];
        assert_begins(&[&start[..], &[b("234 Proceed\r\n")]].concat(), "starttls-ftp", None);
        assert_refused(
            &[&start[..], &[b("530 Please login\r\n")]].concat(),
            "starttls-ftp",
            "530 Please login",
        );
    }

    #[test]
    fn a_capability_is_no_request() {
        let ftp =
            [b("220 FTP\r\n"), a("FEAT\r\n"), b("211-Features:\r\n AUTH TLS\r\nAUTH TLS\r\n211 End\r\n")];
        assert_eq!(play(&ftp).summary, None);
        let nntp = [b("201 hi\r\n"), a("CAPABILITIES\r\n"), b("101 list:\r\nSTARTTLS\r\n.\r\n")];
        assert_eq!(play(&nntp).summary, None);
    }

    #[test]
    fn nntp_answers_382_or_580() {
        let start = [b("200 news.example\r\n"), a("STARTTLS\r\n")];
        assert_begins(&[&start[..], &[b("382 Continue\r\n")]].concat(), "starttls-nntp", None);
        assert_refused(&[&start[..], &[b("580 Cannot\r\n")]].concat(), "starttls-nntp", "580 Cannot");
    }

    #[test]
    fn sieve_answers_ok_or_no() {
        let start = [b("\"IMPLEMENTATION\" \"x\"\r\n\"STARTTLS\"\r\nOK\r\n"), a("STARTTLS\r\n")];
        assert_begins(&[&start[..], &[b("OK \"begin\"\r\n")]].concat(), "starttls-sieve", None);
        assert_refused(&[&start[..], &[b("NO \"no\"\r\n")]].concat(), "starttls-sieve", "NO \"no\"");
    }

    #[test]
    fn irc_answers_670_or_691() {
        let start = [b(":irc.example NOTICE * :*** Looking up\r\n"), a("CAP LS 302\r\nSTARTTLS\r\n")];
        assert_begins(
            &[&start[..], &[b(":irc.example 670 * :STARTTLS successful\r\n")]].concat(),
            "starttls-irc",
            None,
        );
        assert_refused(
            &[&start[..], &[b(":irc.example 691 * :STARTTLS failed\r\n")]].concat(),
            "starttls-irc",
            ":irc.example 691 * :STARTTLS failed",
        );
    }

    #[test]
    fn an_answer_shows_which_protocol_it_is() {
        let turns = [a("STARTTLS\r\n"), b(":irc.example NOTICE AUTH :hi\r\n:irc.example 670 * :go\r\n")];
        assert_begins(&turns, "starttls-irc", None);
    }

    #[test]
    fn a_session_that_goes_on_in_plain_text_is_given_up() {
        let end =
            play(&[b("220 x ESMTP\r\n"), a("EHLO c\r\n"), b("250 x\r\n"), a("MAIL FROM:<a@b.example>\r\n")]);
        assert_eq!(end.plain, Some("SMTP"));
        assert_eq!(end.summary, None);
    }

    #[test]
    fn a_client_that_does_not_wait_is_followed() {
        let end = play(&[b("220 x ESMTP\r\n"), a("STARTTLS\r\n"), a(HELLO), b("220 go\r\n"), b(ANSWER)]);
        assert_eq!((end.a, end.b), (Some(10), Some(21)));
    }

    #[test]
    fn a_line_without_end_is_skipped() {
        let endless = vec![b'x'; 5000];
        let turns = [b("220 x ESMTP\r\n"), a(&endless), a("\r\nSTARTTLS\r\n"), b("500 ?\r\n220 go\r\n")];
        // The first answer belongs to the endless line, but nothing shows that.
        let end = play(&turns);
        assert!(end.refused);
    }
}
