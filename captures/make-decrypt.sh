#!/bin/bash
# Makes the captures in captures/decrypt-*/: one short exchange of known text for each way of protecting records.
#
# Needs root (tcpdump on lo), openssl 3 (s_server, s_client), gnutls-bin, python3 with tlslite-ng, tcpdump, ss.
# Usage: captures/make-decrypt.sh [name…]      without names: all cases
set -u
cd "$(dirname "$0")" || exit 1
here=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
port=44330
only=" $* "
client_text='GET /hello.txt HTTP/1.0\r\n\r\n'
server_text='HTTP/1.0 200 ok\r\nContent-type: text/plain\r\n\r\nhello from the server\n'
cause=none
failed=0

cd "$work" || exit 1
openssl req -x509 -newkey rsa:2048 -nodes -keyout rsa.key -out rsa.pem -days 3650 -subj /CN=rsa.test 2>/dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ec.key -out ec.pem -days 3650 \
    -subj /CN=ec.test 2>/dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout client.key -out client.pem -days 3650 \
    -subj /CN=client.test 2>/dev/null
printf 'hello from the server\n' > hello.txt

listening() { until ss -Hltn "sport = :$port" | grep -q .; do sleep 0.05; done; }

# begin NAME: chooses port and folder; false when the case is not asked for.
begin() {
    name=$1
    case "$only" in "  " | *" $name "*) ;; *) return 1 ;; esac
    port=$((port + 1))
    folder=$here/decrypt-$name
    rm -rf "$folder"
    mkdir "$folder"
    : > "$folder/keys.log"
}

# record: starts the capture.
record() {
    tcpdump -i lo --immediate-mode -U -s 0 -w "$folder/capture.pcap" "tcp port $port" 2> tcpdump.err &
    dump=$!
    until grep -q 'listening on' tcpdump.err; do sleep 0.05; done
}

# finish SUITE VERSION DESCRIPTION TOOLS: ends the capture and writes what it holds.
finish() {
    sleep 0.3
    kill -INT "$dump" && wait "$dump"
    sed -i '/^#/d' "$folder/keys.log"
    cat > "$folder/case.toml" <<TOML
description = "$3"
version = "$2"
suite = "$1"
keylog = "keys.log"
plaintext_client = "$client_text"
plaintext_server = "$server_text"
cause = "$cause"
TOML
    cat > "$folder/README.md" <<README
# decrypt-$name

$3.

Made on loopback by \`captures/make-decrypt.sh $name\` with $4. The keys in \`keys.log\` are of this connection only.
Same licence as the project.
README
    [ -s "$folder/keys.log" ] || { echo "$name: no keys"; failed=1; }
    echo "$name: $(stat -c %s "$folder/capture.pcap") bytes"
}

# http NAME SUITE VERSION DESCRIPTION CERT SERVER-OPTIONS CLIENT-OPTIONS: one request of a file, by openssl. With
# resume=1 the session of a connection before the capture is resumed.
resume=0
http() {
    local session=
    begin "$1" || return
    openssl s_server -accept "$port" -naccept $((1 + resume)) -WWW -cert "$5.pem" -key "$5.key" $6 > server.log 2>&1 &
    server=$!
    listening
    if [ $resume = 1 ]; then
        printf "$client_text" | timeout 10 openssl s_client -connect "localhost:$port" -quiet -nocommands \
            -sess_out first.sess $7 > /dev/null 2>&1
        session="-sess_in first.sess"
    fi
    record
    printf "$client_text" | timeout 10 openssl s_client -connect "localhost:$port" -quiet -nocommands \
        -keylogfile "$folder/keys.log" $7 $session > client.log 2>&1
    wait "$server"
    grep -q 'hello from the server' client.log || { echo "$1: no answer"; tail -n 3 client.log server.log; failed=1; }
    finish "$2" "$3" "$4" "$(openssl version | cut -d' ' -f1,2)"
}

# tls12 NAME CERT OPENSSL-NAME DESCRIPTION [OPTION…]: TLS 1.2 with one suite.
tls12() {
    local name=$1 cert=$2 cipher=$3 text=$4
    shift 4
    http "$name" "$(iana "$cipher")" 1.2 "TLS 1.2, $text" "$cert" "-tls1_2 -cipher $cipher:@SECLEVEL=0 $*" \
        "-tls1_2 -cipher $cipher:@SECLEVEL=0 $*"
}

iana() { openssl ciphers -stdname 'ALL:COMPLEMENTOFALL:@SECLEVEL=0' | awk -v c="$1" '$3 == c { print $1 }'; }

# old NAME VERSION OPTION CERT OPENSSL-NAME DESCRIPTION [OPTION…]: TLS 1.0 or 1.1.
old() {
    local name=$1 version=$2 option=$3 cert=$4 cipher=$5 text=$6
    shift 6
    http "$name" "$(iana "$cipher")" "$version" "TLS $version, $text" "$cert" \
        "$option -cipher $cipher:@SECLEVEL=0 $*" "$option -cipher $cipher:@SECLEVEL=0 $*"
}

# talk NAME SUITE VERSION DESCRIPTION SERVER-OPTIONS CLIENT-OPTIONS: both ends type lines, by openssl. The functions
# client_types and server_types write them, with pauses; what is no command must be client_text and server_text.
talk() {
    begin "$1" || return
    record
    server_types | timeout 20 openssl s_server -accept "$port" -naccept 1 -cert ec.pem -key ec.key $5 \
        > server.log 2>&1 &
    server=$!
    listening
    client_types | timeout 20 openssl s_client -connect "localhost:$port" -keylogfile "$folder/keys.log" $6 \
        > client.log 2>&1
    wait "$server"
    finish "$2" "$3" "$4" "$(openssl version | cut -d' ' -f1,2)"
}

# session FILE SERVER-OPTIONS CLIENT-OPTIONS: leaves a session of a server that is started with the same ticket keys.
session() {
    port=$((port + 1))
    (sleep 0.8; echo Q) | openssl s_server -accept "$port" -naccept 1 -cert ec.pem -key ec.key $2 > /dev/null 2>&1 &
    listening
    (sleep 0.5; echo Q) | openssl s_client -connect "localhost:$port" -sess_out "$1" $3 > /dev/null 2>&1
    wait $!
}

# gnutls NAME SUITE VERSION DESCRIPTION PRIORITY: one line that the server echoes, by GnuTLS.
gnutls() {
    begin "$1" || return
    record
    client_text='hello from both\n' server_text='hello from both\n'
    gnutls-serv -q --echo -p "$port" --x509certfile rsa.pem --x509keyfile rsa.key --priority "$5" > server.log 2>&1 &
    server=$!
    listening
    (printf "$client_text"; sleep 0.5) | SSLKEYLOGFILE="$folder/keys.log" timeout 10 gnutls-cli --insecure \
        -p "$port" --priority "$5" localhost > client.log 2>&1
    kill "$server"
    wait "$server" 2> /dev/null
    grep -q 'hello from both' client.log || { echo "$1: no answer"; tail -n 3 client.log server.log; failed=1; }
    finish "$2" "$3" "$4" "GnuTLS $(gnutls-cli --version | awk 'NR == 1 { print $2 }')"
    client_text=$http_client server_text=$http_server
}
http_client=$client_text http_server=$server_text

# ssl3 NAME SUITE DESCRIPTION CIPHER MAC: SSL 3.0, by tlslite-ng, which no longer has a peer that would speak it.
ssl3() {
    begin "$1" || return
    record
    python3 - "$port" "$folder/keys.log" "$4" "$5" <<'PY' || failed=1
import socket, sys, threading
from tlslite.api import TLSConnection, HandshakeSettings, X509CertChain, parsePEMKey, X509
port, log, cipher, mac = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
settings = HandshakeSettings()
settings.minVersion, settings.maxVersion = (3, 0), (3, 0)
settings.cipherNames, settings.macNames, settings.useEncryptThenMAC = [cipher], [mac], False
settings.keyExchangeNames = ["rsa"]
certificate = X509(); certificate.parse(open("rsa.pem").read())
key = parsePEMKey(open("rsa.key").read(), private=True)
listener = socket.create_server(("127.0.0.1", port))

def serve():
    connection = TLSConnection(listener.accept()[0])
    connection.handshakeServer(certChain=X509CertChain([certificate]), privateKey=key, settings=settings)
    connection.read(min=27, max=27)
    connection.write(b"HTTP/1.0 200 ok\r\nContent-type: text/plain\r\n\r\nhello from the server\n")
    connection.close()

server = threading.Thread(target=serve); server.start()
connection = TLSConnection(socket.create_connection(("127.0.0.1", port)))
connection.handshakeClientCert(settings=settings)
with open(log, "w") as out:
    random, master = connection._clientRandom, connection.session.masterSecret
    out.write("CLIENT_RANDOM %s %s\n" % (bytes(random).hex(), bytes(master).hex()))
connection.write(b"GET /hello.txt HTTP/1.0\r\n\r\n")
assert connection.read(min=10).endswith(b"hello from the server\n")
connection.close(); server.join()
PY
    finish "$2" 3.0 "SSL 3.0, $3" "tlslite-ng $(python3 -c 'import tlslite; print(tlslite.__version__)')"
}

# TLS 1.3 suites
for suite in AES_128_GCM_SHA256 AES_256_GCM_SHA384 CHACHA20_POLY1305_SHA256 AES_128_CCM_SHA256 AES_128_CCM_8_SHA256; do
    short=$(echo "${suite%_SHA*}" | tr 'A-Z_' 'a-z-')
    http "tls13-$short" "TLS_$suite" 1.3 "TLS 1.3, TLS_$suite" ec "-tls1_3 -ciphersuites TLS_$suite" \
        "-tls1_3 -ciphersuites TLS_$suite"
done
# TLS 1.3 handshakes
gcm='TLS_AES_256_GCM_SHA384'
http tls13-retry $gcm 1.3 "TLS 1.3 with a HelloRetryRequest: the secrets are logged under the first client random" ec \
    "-tls1_3 -groups P-384" "-tls1_3 -groups X25519:P-384"
http tls13-client-certificate $gcm 1.3 "TLS 1.3 with a client certificate" ec \
    "-tls1_3 -Verify 1 -CAfile client.pem" "-tls1_3 -cert client.pem -key client.key"
http tls13-padding $gcm 1.3 "TLS 1.3 with every record padded to a multiple of 512 bytes" ec \
    "-tls1_3 -record_padding 512" "-tls1_3 -record_padding 512"
resume=1
http tls13-resumption $gcm 1.3 "TLS 1.3, resumption of a session" ec -tls1_3 -tls1_3
resume=0
http tls13-psk TLS_AES_128_GCM_SHA256 1.3 "TLS 1.3 with an external pre-shared key" ec \
    "-tls1_3 -psk 0011223344556677" "-tls1_3 -psk 0011223344556677 -ciphersuites TLS_AES_128_GCM_SHA256"

client_text='one\ntwo\nthree\n' server_text='ONE\nTWO\nTHREE\n'
client_types() { sleep 0.5; printf 'one\n'; sleep 0.4; echo k; sleep 0.4; printf 'two\n'; sleep 0.4; echo K; sleep 0.4
    printf 'three\n'; sleep 0.8; echo Q; }
server_types() { sleep 0.7; printf 'ONE\n'; sleep 0.8; echo k; sleep 0.2; printf 'TWO\n'; sleep 1; printf 'THREE\n'; sleep 0.7; echo Q; }
talk tls13-key-update $gcm 1.3 "TLS 1.3 with key updates by both sides, one of them asked for" -tls1_3 -tls1_3

client_text='one\ntwo\n' server_text='ONE\nTWO\n'
client_types() { sleep 0.5; printf 'one\n'; sleep 1; printf 'two\n'; sleep 0.6; echo Q; }
server_types() { sleep 0.7; printf 'ONE\n'; sleep 0.3; echo c; sleep 0.8; printf 'TWO\n'; sleep 0.6; echo Q; }
talk tls13-post-handshake-authentication $gcm 1.3 "TLS 1.3 with a client certificate that is asked for after the handshake" \
    "-tls1_3 -CAfile client.pem" "-tls1_3 -enable_pha -cert client.pem -key client.key"

client_text='early\nlate\n' server_text='hello\n'
client_types() { sleep 0.5; printf 'late\n'; sleep 0.6; echo Q; }
server_types() { sleep 0.8; printf 'hello\n'; sleep 0.5; echo Q; }
printf 'early\n' > early.txt
if [[ "$only" = "  " || "$only" = *early* ]]; then
    # Each s_server makes its own ticket keys, so the session is handed over as an external one.
    session early.sess "-tls1_3 -max_early_data 16384 -early_data" "-tls1_3"
fi
# early_data NAME SUITE VERSION DESCRIPTION: a server takes early data only under a ticket of its own, so that it is the
# same for the connection before the capture.
early_data() {
    begin "$1" || return
    (sleep 1.6; server_types) | timeout 20 openssl s_server -accept "$port" -naccept 2 -cert ec.pem -key ec.key -tls1_3 \
        -max_early_data 16384 -early_data > server.log 2>&1 &
    server=$!
    listening
    (sleep 0.5; echo Q) | openssl s_client -connect "localhost:$port" -tls1_3 -sess_out own.sess > /dev/null 2>&1
    record
    sleep 1
    client_types | timeout 20 openssl s_client -connect "localhost:$port" -keylogfile "$folder/keys.log" -tls1_3 \
        -sess_in own.sess -early_data early.txt > client.log 2>&1
    wait "$server"
    grep -q 'Early data was accepted' client.log || { echo "$1: not accepted"; failed=1; }
    finish "$2" "$3" "$4" "$(openssl version | cut -d' ' -f1,2)"
}
early_data tls13-early-data $gcm 1.3 "TLS 1.3 resumption with early data that the server accepts"
# The records of refused early data open too: client_text is what the client sent, not what the server took.
talk tls13-early-data-refused $gcm 1.3 "TLS 1.3 resumption with early data that the server refuses" \
    "-tls1_3 -psk_session early.sess" "-tls1_3 -sess_in early.sess -early_data early.txt"
talk tls13-early-data-retry $gcm 1.3 "TLS 1.3 with early data that a HelloRetryRequest refuses" \
    "-tls1_3 -early_data -psk_session early.sess -groups P-384" \
    "-tls1_3 -sess_in early.sess -early_data early.txt -groups X25519:P-384"
client_text=$http_client server_text=$http_server

# TLS 1.2, AEAD
tls12 tls12-aes-128-gcm ec ECDHE-ECDSA-AES128-GCM-SHA256 "AES-128-GCM"
tls12 tls12-aes-256-gcm ec ECDHE-ECDSA-AES256-GCM-SHA384 "AES-256-GCM"
tls12 tls12-rsa-aes-256-gcm rsa AES256-GCM-SHA384 "AES-256-GCM with RSA key exchange"
tls12 tls12-chacha20-poly1305 ec ECDHE-ECDSA-CHACHA20-POLY1305 "ChaCha20-Poly1305"
tls12 tls12-aes-128-ccm ec ECDHE-ECDSA-AES128-CCM "AES-128-CCM"
tls12 tls12-aes-256-ccm ec ECDHE-ECDSA-AES256-CCM "AES-256-CCM"
tls12 tls12-aes-128-ccm-8 ec ECDHE-ECDSA-AES128-CCM8 "AES-128-CCM with tags of 8 bytes"
tls12 tls12-aes-256-ccm-8 ec ECDHE-ECDSA-AES256-CCM8 "AES-256-CCM with tags of 8 bytes"
tls12 tls12-aria-128-gcm ec ECDHE-ECDSA-ARIA128-GCM-SHA256 "ARIA-128-GCM"
tls12 tls12-aria-256-gcm ec ECDHE-ECDSA-ARIA256-GCM-SHA384 "ARIA-256-GCM"
http tls12-client-certificate TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 1.2 "TLS 1.2 with a client certificate" ec \
    "-tls1_2 -Verify 1 -CAfile client.pem" \
    "-tls1_2 -cert client.pem -key client.key -cipher ECDHE-ECDSA-AES256-GCM-SHA384"
# TLS 1.2, CBC with the MAC inside and outside the encryption
for order in mte etm; do
    if [ $order = mte ]; then option=-no_etm where=inside; else option='' where=outside; fi
    tls12 tls12-aes-128-cbc-sha-$order ec ECDHE-ECDSA-AES128-SHA "AES-128-CBC, HMAC-SHA1 $where" $option
    tls12 tls12-aes-256-cbc-sha-$order rsa AES256-SHA "AES-256-CBC, HMAC-SHA1 $where" $option
    tls12 tls12-aes-128-cbc-sha256-$order ec ECDHE-ECDSA-AES128-SHA256 "AES-128-CBC, HMAC-SHA256 $where" $option
    tls12 tls12-aes-256-cbc-sha384-$order ec ECDHE-ECDSA-AES256-SHA384 "AES-256-CBC, HMAC-SHA384 $where" $option
    tls12 tls12-camellia-128-cbc-sha256-$order ec ECDHE-ECDSA-CAMELLIA128-SHA256 \
        "Camellia-128-CBC, HMAC-SHA256 $where" $option
    tls12 tls12-camellia-256-cbc-sha384-$order ec ECDHE-ECDSA-CAMELLIA256-SHA384 \
        "Camellia-256-CBC, HMAC-SHA384 $where" $option
done
# TLS 1.2, without encryption
tls12_null() { http "$1" "$(iana "$2")" 1.2 "TLS 1.2, $3" rsa "-tls1_2 -cipher $2:@SECLEVEL=0" \
    "-tls1_2 -cipher $2:@SECLEVEL=0"; }
tls12_null tls12-null-sha256 NULL-SHA256 "no encryption, HMAC-SHA256"
tls12_null tls12-null-md5 NULL-MD5 "no encryption, HMAC-MD5"
# TLS 1.2, several handshakes
resume=1
tls12 tls12-resumption ec ECDHE-ECDSA-AES256-GCM-SHA384 "resumption of a session: the server finishes first"
tls12 tls12-resumption-cbc ec ECDHE-ECDSA-AES256-SHA384 "resumption of a session with a CBC suite"
resume=0
client_text='one\ntwo\n' server_text='ONE\n'
client_types() { sleep 0.5; printf 'one\n'; sleep 0.4; echo R; sleep 0.6; printf 'two\n'; sleep 0.5; echo Q; }
server_types() { sleep 1.6; printf 'ONE\n'; sleep 1; echo Q; }
talk tls12-renegotiation TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 1.2 "TLS 1.2 with a renegotiation by the client" \
    "-tls1_2 -client_renegotiation" "-tls1_2 -cipher ECDHE-ECDSA-AES256-GCM-SHA384"
client_text='one\n' server_text=''
client_types() { sleep 0.5; printf 'one\n'; sleep 1.5; echo Q; }
server_types() { sleep 1; echo R; sleep 1.5; echo Q; }
cause=client-cert-rejected
talk tls12-renegotiation-refused TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 1.2 \
    "TLS 1.2 with a renegotiation in which the server asks for a client certificate and refuses it" \
    "-tls1_2 -no_resumption_on_reneg -verify_return_error" \
    "-tls1_2 -cert client.pem -key client.key -cipher ECDHE-ECDSA-AES256-GCM-SHA384"
cause=none
client_text=$http_client server_text=$http_server

# TLS 1.1 and 1.0
for order in mte etm; do
    if [ $order = mte ]; then option=-no_etm where=inside; else option='' where=outside; fi
    old tls11-aes-256-cbc-sha-$order 1.1 -tls1_1 rsa AES256-SHA "AES-256-CBC, HMAC-SHA1 $where" $option
    old tls10-aes-256-cbc-sha-$order 1.0 -tls1 rsa AES256-SHA "AES-256-CBC, HMAC-SHA1 $where, chained IVs" $option
    old tls10-camellia-128-cbc-sha-$order 1.0 -tls1 rsa CAMELLIA128-SHA \
        "Camellia-128-CBC, HMAC-SHA1 $where, chained IVs" $option
done

# What only GnuTLS still has
p='NONE:+ECDHE-RSA:+COMP-NULL:+CURVE-ALL:+SIGN-ALL:+SIGN-RSA-SHA1:+GROUP-ALL'
gnutls tls12-camellia-128-gcm TLS_ECDHE_RSA_WITH_CAMELLIA_128_GCM_SHA256 1.2 "TLS 1.2, Camellia-128-GCM" \
    "$p:+VERS-TLS1.2:+CAMELLIA-128-GCM:+AEAD"
gnutls tls12-camellia-256-gcm TLS_ECDHE_RSA_WITH_CAMELLIA_256_GCM_SHA384 1.2 "TLS 1.2, Camellia-256-GCM" \
    "$p:+VERS-TLS1.2:+CAMELLIA-256-GCM:+AEAD"
for order in mte etm; do
    if [ $order = mte ]; then option=:%NO_ETM where=inside; else option='' where=outside; fi
    rsa='NONE:+RSA:+COMP-NULL:+SIGN-ALL'
    gnutls tls12-3des-cbc-sha-$order TLS_RSA_WITH_3DES_EDE_CBC_SHA 1.2 "TLS 1.2, 3DES-CBC, HMAC-SHA1 $where" \
        "$rsa:+VERS-TLS1.2:+3DES-CBC:+SHA1$option"
    gnutls tls10-3des-cbc-sha-$order TLS_RSA_WITH_3DES_EDE_CBC_SHA 1.0 \
        "TLS 1.0, 3DES-CBC, HMAC-SHA1 $where, chained IVs" "$rsa:+VERS-TLS1.0:+3DES-CBC:+SHA1$option"
done
gnutls tls12-rc4-sha TLS_RSA_WITH_RC4_128_SHA 1.2 "TLS 1.2, RC4, HMAC-SHA1" \
    "NONE:+RSA:+COMP-NULL:+SIGN-ALL:+VERS-TLS1.2:+ARCFOUR-128:+SHA1"
gnutls tls10-rc4-md5 TLS_RSA_WITH_RC4_128_MD5 1.0 "TLS 1.0, RC4, HMAC-MD5" \
    "NONE:+RSA:+COMP-NULL:+SIGN-ALL:+VERS-TLS1.0:+ARCFOUR-128:+MD5"

# SSL 3.0
ssl3 ssl30-aes-128-cbc-sha TLS_RSA_WITH_AES_128_CBC_SHA "AES-128-CBC, SHA-1" aes128 sha
ssl3 ssl30-3des-cbc-sha TLS_RSA_WITH_3DES_EDE_CBC_SHA "3DES-CBC, SHA-1" 3des sha
ssl3 ssl30-rc4-md5 TLS_RSA_WITH_RC4_128_MD5 "RC4, MD5" rc4 md5
exit $failed
