#!/bin/sh
# Makes the trust stores of this folder anew, with openssl 3 and keytool of JDK 17.
# Keys are thrown away except that of the leaf, which stands in some stores. Usage: ./make-stores.sh
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rm -f ./*.pem ./*.der ./*.p7b ./*.p12 ./*.jks ./*.jceks

key() { openssl ecparam -name prime256v1 -genkey -noout -out "$work/$1.key"; }
# name, subject, issuer, extensions
sign() {
    openssl req -new -key "$work/$1.key" -subj "$2" -out "$work/$1.csr"
    printf '%s\n' "$4" > "$work/$1.ext"
    if [ "$3" = self ]; then signer="-signkey $work/$1.key"; else signer="-CA $3.pem -CAkey $work/$3.key"; fi
    # shellcheck disable=SC2086
    openssl x509 -req -in "$work/$1.csr" $signer -set_serial "0x$5" -days 3650 -sha256 \
        -extfile "$work/$1.ext" -out "$1.pem" 2>/dev/null
    openssl x509 -in "$1.pem" -outform DER -out "$1.der"
}

for name in root intermediate leaf other; do key "$name"; done
ca='basicConstraints=critical,CA:TRUE'
sign root '/C=US/O=Store Tests, Inc./CN=Store Test Root' self "$ca" 00c0ffee01
sign intermediate '/C=US/O=Store Tests, Inc./CN=Store Test CA' root "$ca" 00c0ffee02
sign leaf '/CN=store.example.org' intermediate 'subjectAltName=DNS:store.example.org' 00c0ffee03
sign other '/C=DE/O=Andere/CN=Other Root' self "$ca" 00c0ffee04

# What is no certificate.
openssl pkcs8 -topk8 -nocrypt -in "$work/leaf.key" -out key.pem
openssl pkcs8 -topk8 -nocrypt -in "$work/leaf.key" -outform DER -out key.der
openssl ec -in "$work/leaf.key" -pubout -outform DER -out public-key.der 2>/dev/null
cp "$work/leaf.csr" request.pem
openssl req -in "$work/leaf.csr" -outform DER -out request.der
printf '[ca]\ndefault_ca=c\n[c]\ndatabase=%s\ndefault_md=sha256\ndefault_crl_days=30\n' "$work/db" > "$work/ca.cnf"
: > "$work/db"
openssl ca -gencrl -config "$work/ca.cnf" -cert root.pem -keyfile "$work/root.key" -out "$work/crl.pem" 2>/dev/null
openssl crl -in "$work/crl.pem" -outform DER -out crl.der

# PEM in OpenSSL's trusted form, PKCS#7, PKCS#12.
openssl x509 -in root.pem -trustout -addtrust serverAuth -setalias "a root" -out trusted.pem
cat root.pem intermediate.pem leaf.pem > "$work/chain.pem"
openssl crl2pkcs7 -nocrl -certfile "$work/chain.pem" -outform DER -out chain.p7b
openssl crl2pkcs7 -nocrl -certfile "$work/chain.pem" -out chain.p7b.pem
cat root.pem intermediate.pem > "$work/cas.pem"
p12() { openssl pkcs12 -export -nokeys -in "$work/cas.pem" "$@"; }
p12 -passout pass:changeit -out openssl.p12
p12 -passout pass:changeit -legacy -out legacy.p12
p12 -passout pass: -out empty-password.p12
p12 -passout pass:changeit -certpbe NONE -out clear.p12
openssl pkcs12 -export -inkey "$work/leaf.key" -in leaf.pem -certfile "$work/cas.pem" -name server \
    -passout pass:changeit -out key.p12

# Java.
tool() { keytool "$@" -storepass changeit -noprompt 2>/dev/null; }
for type in jks jceks pkcs12; do
    file=trust.$type
    for name in intermediate root; do
        tool -importcert -alias "$name" -file "$name.pem" -keystore "$file" -storetype "$type"
    done
done
mv trust.pkcs12 trust.p12
tool -importkeystore -srckeystore key.p12 -srcstorepass changeit -destkeystore key.jks -deststoretype jks \
    -deststorepass changeit
tool -genseckey -alias a-secret -keyalg AES -keysize 128 -keystore secret.jceks -storetype jceks -keypass changeit
tool -importcert -alias root -file root.pem -keystore secret.jceks -storetype jceks
