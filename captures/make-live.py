#!/usr/bin/env python3
"""Makes the captures that this script lists in SCENES: real programs talk in two network namespaces, tcpdump listens.

Needs root, iproute2, tcpdump, Python 3.11 with `cryptography`, openssl 3.0, curl, gnutls-bin, JDK 17, tinyproxy,
ldap-utils, PostgreSQL 15, and a Node of OpenSSL 3.5 or newer, named by $NODE (default: node).

Usage: captures/make-live.py [NAME…]      without names: all scenes
"""

import ctypes
import datetime
import os
import pathlib
import re
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HERE = pathlib.Path(__file__).resolve().parent
WORK = pathlib.Path(tempfile.mkdtemp())
CLIENT, SERVER, PROXY = "192.0.2.10", "198.51.100.7", "198.51.100.8"
CLIENT_NS, SERVER_NS = "scene-client", "scene-server"
HOST = "shop.alder.example"
NODE = os.environ.get("NODE", "node")


# The network

def run(*command, **options):
    return subprocess.run(command, check=True, **options)


def build_network():
    for name, address, peer, mac in [
        (CLIENT_NS, [CLIENT], "198.51.100.0/24", "02:00:5e:00:00:0a"),
        (SERVER_NS, [SERVER, PROXY], "192.0.2.0/24", "02:00:5e:00:00:07"),
    ]:
        run("ip", "netns", "add", name)
        if name == SERVER_NS:
            run("ip", "link", "add", "scene0", "type", "veth", "peer", "name", "scene1")
        NETWORK[name] = (address, peer, mac)
    for (name, (addresses, peer, mac)), link in zip(NETWORK.items(), ["scene0", "scene1"]):
        inside = ["ip", "-n", name]
        run("ip", "link", "set", link, "netns", name)
        run("ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1")
        run(*inside, "link", "set", link, "name", "eth0", "address", mac)
        # Segments as they are on a wire, not as the kernel hands them to a card that cuts them.
        run(*inside, "link", "set", "eth0", "gso_max_segs", "1", "up")
        run(*inside, "link", "set", "lo", "up")
        for address in addresses:
            run(*inside, "addr", "add", address + "/32", "dev", "eth0")
        run(*inside, "route", "add", peer, "dev", "eth0", "src", addresses[0])


NETWORK = {}


def remove_network():
    for name in (CLIENT_NS, SERVER_NS):
        subprocess.run(["ip", "netns", "del", name], stderr=subprocess.DEVNULL)


def enter(name):
    """Moves this thread into a namespace; sockets that it opens belong there."""
    with open(f"/run/netns/{name}") as handle:
        if ctypes.CDLL(None, use_errno=True).setns(handle.fileno(), 0x40000000) != 0:
            raise OSError(ctypes.get_errno(), "setns")


def inside(name, *command):
    return ["ip", "netns", "exec", name, *map(str, command)]


# Certificates

NOW = datetime.datetime.now(datetime.timezone.utc)


def certificate(common_name, issuer=None, names=(), ca=False):
    """Returns (certificate, key); self-signed without an issuer."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"),
                         x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Alder Handel"),
                         x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    issuer_name, issuer_key = (issuer[0].subject, issuer[1]) if issuer else (subject, key)
    builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer_name).public_key(key.public_key())
               .serial_number(x509.random_serial_number())
               .not_valid_before(NOW - datetime.timedelta(days=30))
               .not_valid_after(NOW + datetime.timedelta(days=3650 if ca else 700))
               .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
               .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
               .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
                              critical=False))
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256()), key


def pem(path, *objects):
    with open(WORK / path, "wb") as out:
        for one in objects:
            if isinstance(one, x509.Certificate):
                out.write(one.public_bytes(serialization.Encoding.PEM))
            else:
                out.write(one.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                            serialization.NoEncryption()))


def make_certificates():
    root = certificate("Alder Root CA", ca=True)
    middle = certificate("Alder Issuing CA", root, ca=True)
    leaf = certificate(HOST, middle, [HOST])
    other = certificate("mail.alder.example", middle, ["mail.alder.example"])
    stranger = certificate("Birch Root CA", ca=True)
    pem("root.pem", root[0])
    pem("stranger.pem", stranger[0])
    pem("issuing.pem", middle[0])
    pem("leaf.pem", leaf[0])
    pem("chain.pem", leaf[0], middle[0])
    pem("key.pem", leaf[1])
    pem("other.pem", other[0])
    pem("other.key", other[1])


# Programs at both ends

def background(target, *args):
    def body():
        try:
            target(*args)
        except OSError as error:
            print("  background:", error, file=sys.stderr)
    thread = threading.Thread(target=body, daemon=True)
    thread.start()
    return thread


def listener(port, address=SERVER):
    server = socket.create_server((address, port))
    server.settimeout(20)
    return server


def serve(handle, port, address=SERVER):
    """A server of one connection in the server's namespace."""
    ready = threading.Event()

    def body():
        enter(SERVER_NS)
        with listener(port, address) as server:
            ready.set()
            connection, peer = server.accept()
            connection.settimeout(20)
            with connection:
                handle(connection, peer)
    thread = background(body)
    ready.wait(5)
    return lambda: thread.join(20)


def program(*command, port=443, address=SERVER, cwd=WORK):
    """A server program; waits until its port is open."""
    process = subprocess.Popen(inside(SERVER_NS, *command), cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    for _ in range(200):
        found = subprocess.run(inside(SERVER_NS, "ss", "-Hltn", f"sport = :{port}"), capture_output=True).stdout
        if found:
            return lambda: (process.terminate(), process.wait(10))
        time.sleep(0.05)
    raise RuntimeError(f"{command[0]} does not listen")


def openssl_server(*options, leaf="leaf.pem", key="key.pem", port=443):
    return program("openssl", "s_server", "-accept", f"{SERVER}:{port}", "-cert", leaf, "-key", key,
                   *([] if leaf == "rsa.pem" else ["-cert_chain", "issuing.pem"]), "-quiet", *options, port=port)


def client(*command, stdin="", seconds=20):
    """A client program in the client's namespace; what it printed that tells of an error."""
    try:
        done = subprocess.run(inside(CLIENT_NS, *command), cwd=WORK, input=stdin, capture_output=True, text=True,
                              timeout=seconds)
        return done.stdout + done.stderr
    except subprocess.TimeoutExpired as stopped:
        return f"(stopped after {stopped.timeout} s)"


def python_client(act):
    """A client of our own: `act` gets a connected socket; what it returns was printed."""
    said = []

    def body(port):
        enter(CLIENT_NS)
        with socket.create_connection((SERVER, port), 10, (CLIENT, 0)) as connection:
            said.append(act(connection) or "")
    return lambda port=443: (background(body, port).join(20), "".join(said))[1]


def hello(minimum=ssl.TLSVersion.TLSv1_2, maximum=ssl.TLSVersion.TLSv1_3):
    """A ClientHello of OpenSSL, as bytes."""
    context = ssl.create_default_context()
    context.minimum_version, context.maximum_version = minimum, maximum
    out = ssl.MemoryBIO()
    try:
        context.wrap_bio(ssl.MemoryBIO(), out, server_hostname=HOST).do_handshake()
    except ssl.SSLWantReadError:
        return out.read()


# Scenes: each returns what the client printed

def until(connection, end):
    data = b""
    while not data.endswith(end):
        more = connection.recv(4096)
        if not more:
            break
        data += more
    return data


def starttls_refused():
    def smtp(connection, _):
        connection.sendall(b"220 mx.alder.example ESMTP\r\n")
        until(connection, b"\r\n")
        connection.sendall(b"250-mx.alder.example\r\n250-SIZE 35882577\r\n250-STARTTLS\r\n250 8BITMIME\r\n")
        until(connection, b"\r\n")
        connection.sendall(b"454 4.7.0 TLS not available due to local problem\r\n")
        if until(connection, b"\r\n"):
            connection.sendall(b"221 2.0.0 Bye\r\n")
    stop = serve(smtp, 25)
    said = client("curl", "-sS", "--ssl-reqd", f"smtp://{SERVER}:25/alder.example", "--mail-from", "a@alder.example",
                  "--mail-rcpt", "b@alder.example", "-T", "/dev/null")
    stop()
    return said


def starttls_refused_postgres():
    data = WORK / "postgres"
    shutil.rmtree(data, ignore_errors=True)
    WORK.chmod(0o755)
    data.mkdir()
    shutil.chown(data, "postgres")
    tools = pathlib.Path("/usr/lib/postgresql/15/bin")
    run("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", tools / "initdb", "-D", data, "-A", "trust",
        stdout=subprocess.DEVNULL, cwd="/")
    stop = program("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", tools / "postgres", "-D", data,
                   "-c", f"listen_addresses={SERVER}", "-c", f"unix_socket_directories={data}", "-c", "ssl=off", port=5432,
                   cwd="/")
    time.sleep(1)
    said = client("psql", f"host=db.alder.example hostaddr={SERVER} user=postgres dbname=postgres sslmode=require",
                  "-c", "select 1")
    stop()
    return said


def starttls_refused_ldap():
    def ldap(connection, _):
        request = connection.recv(4096)
        # ExtendedResponse: the message id of the request, protocolError, no name, a diagnostic message.
        text = b"unsupported extended operation"
        result = b"\x0a\x01\x02\x04\x00\x04" + bytes([len(text)]) + text
        body = request[2:5] + b"\x78" + bytes([len(result)]) + result
        connection.sendall(b"\x30" + bytes([len(body)]) + body)
        connection.recv(4096)
    stop = serve(ldap, 389)
    said = client("ldapsearch", "-ZZ", "-x", "-H", f"ldap://{SERVER}", "-b", "dc=alder,dc=example", "-s", "base")
    stop()
    return said


def tinyproxy():
    (WORK / "proxy.conf").write_text(
        f"Port 3128\nListen {PROXY}\nTimeout 20\nMaxClients 4\nAllow {CLIENT}\nConnectPort 443\nLogLevel Critical\n"
        f"ViaProxyName \"proxy.alder.example\"\nAddHeader \"X-Scene\" \"1\"\n")
    return program("tinyproxy", "-d", "-c", WORK / "proxy.conf", port=3128)


def proxy_refused():
    stop = tinyproxy()
    said = client("curl", "-sS", "-x", f"http://{PROXY}:3128", "https://admin.alder.example:8443/")
    stop()
    return said


def proxy_hostname_mismatch():
    stop_server = openssl_server("-tls1_2", "-www", leaf="other.pem", key="other.key")
    stop = tinyproxy()
    # tinyproxy resolves the name, so the request names the address; the certificate is asked for under the name.
    said = client("curl", "-sS", "--cacert", "root.pem", "-x", f"http://{PROXY}:3128", "--connect-to",
                  f"{HOST}:443:{SERVER}:443", f"https://{HOST}/")
    stop()
    stop_server()
    return said


def inject_reset(source, target, sequence, ttl):
    """A RST as a device on the way sends it: in the server's name, with a time to live and an IP id of its own."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        tcp = struct.pack("!HHIIBBHHH", source[1], target[1], sequence, 0, 5 << 4, 0x04, 0, 0, 0)
        pseudo = socket.inet_aton(source[0]) + socket.inet_aton(target[0]) + struct.pack("!BBH", 0, 6, len(tcp))
        total = sum(struct.unpack(f"!{len(pseudo + tcp) // 2}H", pseudo + tcp))
        total = (total & 0xffff) + (total >> 16)
        total = ~(total + (total >> 16)) & 0xffff
        tcp = tcp[:16] + struct.pack("!H", total) + tcp[18:]
        header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 0xbeef, 0, ttl, 6, 0, socket.inet_aton(source[0]),
                             socket.inet_aton(target[0]))
        raw.sendto(header + tcp, (target[0], 0))


def middlebox_interference():
    """The device sees the ClientHello and resets in the server's name; the server itself has not answered yet."""
    stop_server = serve(lambda connection, _: (connection.recv(4096), time.sleep(0.6)), 443)
    sniffed = threading.Event()

    def device():
        enter(SERVER_NS)
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800)) as sniffer:
            sniffer.bind(("eth0", 0))
            sniffed.set()
            sniffer.settimeout(10)
            while True:
                frame = sniffer.recv(65535)
                segment = frame[34:]
                if frame[23] != 6 or frame[26:30] != socket.inet_aton(CLIENT):
                    continue
                data = segment[(segment[12] >> 4) * 4:]
                if data[:1] == b"\x16":
                    source, target, _, acknowledged = struct.unpack("!HHII", segment[:12])
                    time.sleep(0.004)
                    inject_reset((SERVER, target), (CLIENT, source), acknowledged, 119)
                    return
    thread = background(device)
    sniffed.wait(5)
    said = client("curl", "-sS", "--cacert", "root.pem", "--resolve", f"{HOST}:443:{SERVER}", f"https://{HOST}/")
    thread.join(10)
    stop_server()
    return said


JAVA = r"""
import java.io.FileInputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.security.KeyStore;
import java.security.cert.*;
import java.util.Collection;
import javax.net.ssl.*;

/** Client ADDRESS HOST VERSION STORE PIN: one handshake; with a pin the leaf must bear that serial as well. */
public class Client {
    public static void main(String[] args) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        try (FileInputStream in = new FileInputStream(args[3])) {
            int number = 0;
            for (Certificate one : CertificateFactory.getInstance("X.509").generateCertificates(in))
                store.setCertificateEntry("ca" + number++, one);
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(store);
        X509TrustManager plain = (X509TrustManager) factory.getTrustManagers()[0];
        X509TrustManager pinned = new X509TrustManager() {
            public void checkClientTrusted(X509Certificate[] chain, String type) {}
            public X509Certificate[] getAcceptedIssuers() { return plain.getAcceptedIssuers(); }
            public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
                plain.checkServerTrusted(chain, type);
                throw new CertificateException("the certificate is not the one that was pinned");
            }
        };
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {args[4].equals("pin") ? pinned : plain}, null);
        Socket tcp = new Socket();
        tcp.connect(new InetSocketAddress(args[0], 443), 5000);
        try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(tcp, args[1], 443, true)) {
            socket.setEnabledProtocols(args[2].split(","));
            socket.setSoTimeout(5000);
            socket.startHandshake();
            System.out.println("established");
        } catch (SSLException error) {
            for (Throwable cause = error; cause != null; cause = cause.getCause())
                System.out.println((cause == error ? "" : "Caused by: ") + cause);
        }
    }
}
"""


def java(version, store, pin="any"):
    (WORK / "Client.java").write_text(JAVA)
    if not (WORK / "Client.class").exists():
        run("javac", "-d", WORK, WORK / "Client.java")
    return client("java", "-cp", WORK, "Client", SERVER, HOST, version, store, pin)


def certificate_rejected():
    stop = openssl_server("-tls1_2")
    said = java("TLSv1.2", "root.pem", "pin")
    stop()
    return said


def any_untrusted_root():
    stop = openssl_server("-tls1_2")
    said = java("TLSv1.2", "stranger.pem")
    stop()
    return said


def client_closed():
    asked = threading.Event()
    stop = serve(lambda connection, _: (connection.recv(4096), asked.set(), connection.recv(4096)), 443)
    process = subprocess.Popen(inside(CLIENT_NS, "openssl", "s_client", "-connect", f"{SERVER}:443", "-servername", HOST,
                                      "-quiet"), stdin=subprocess.PIPE)
    asked.wait(10)
    time.sleep(0.2)
    process.terminate()
    process.wait(10)
    stop()
    return ""


def client_reset():
    def act(connection):
        connection.sendall(hello())
        time.sleep(0.05)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def quiet(connection, _):
        try:
            connection.recv(4096)
            connection.recv(4096)
        except ConnectionResetError:
            pass
    stop = serve(quiet, 443)
    said = python_client(act)()
    stop()
    return said


def protocol_error():
    def act(connection):
        message = bytearray(hello())
        # The key share claims to be longer than the ClientHello is.
        kind = message.rfind(b"\x00\x33\x00\x26")
        message[kind + 2] = 0xff
        connection.sendall(message)
        connection.settimeout(3)
        while connection.recv(4096):
            pass
    stop = openssl_server()
    said = python_client(act)()
    stop()
    return said


def handshake_failure():
    run("openssl", "dhparam", "-out", WORK / "dh.pem", "-2", "1024", stderr=subprocess.DEVNULL)
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", WORK / "rsa.key", "-out", WORK / "rsa.pem",
        "-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}", "-days", "700", stderr=subprocess.DEVNULL)
    stop = openssl_server("-tls1_2", "-dhparam", "dh.pem", "-cipher", "DHE-RSA-AES256-GCM-SHA384:@SECLEVEL=0",
                          leaf="rsa.pem", key="rsa.key")
    said = client("openssl", "s_client", "-connect", f"{SERVER}:443", "-servername", HOST, "-CAfile", "rsa.pem",
                  "-verify_return_error", "-quiet", "-cipher", "DEFAULT:@SECLEVEL=2")
    stop()
    shutil.copy(WORK / "rsa.pem", WORK / "truststore.pem")
    return said


def tls13_clear_alert():
    stop = openssl_server("-tls1_3")
    said = client("openssl", "s_client", "-connect", f"{SERVER}:443", "-servername", HOST, "-CAfile", "stranger.pem",
                  "-verify_return_error", "-quiet")
    stop()
    return said


def tls13_hidden_alert():
    stop = openssl_server("-tls1_3")
    said = client("gnutls-cli", SERVER, "--sni-hostname", HOST, "--verify-hostname", HOST, "--x509cafile",
                  "stranger.pem")
    stop()
    return said


def node(*, trusted, server="openssl"):
    script = ("const t=require('tls'),f=require('fs');"
              f"const s=t.connect({{host:'{SERVER}',port:443,servername:'{HOST}',ca:f.readFileSync('{trusted}')}},"
              "()=>{console.log('established',JSON.stringify(s.getEphemeralKeyInfo()));s.end('bye\\n')});"
              "s.on('error',e=>console.log(e.code+': '+e.message));s.resume();")
    if server == "openssl":
        stop = openssl_server("-tls1_3")
    else:
        accept = ("const t=require('tls'),f=require('fs');t.createServer({cert:f.readFileSync('chain.pem'),"
                  "key:f.readFileSync('key.pem')},c=>{c.on('error',()=>0);c.end('hello\\n');c.resume()})"
                  f".listen(443,'{SERVER}')")
        stop = program(NODE, "-e", accept)
    said = client(NODE, "-e", script)
    time.sleep(0.2)
    stop()
    return said


def tls13_silent_close():
    return node(trusted="stranger.pem")


def ok_mlkem():
    return node(trusted="root.pem", server="node")


def health_probe():
    stop = serve(lambda connection, _: connection.recv(10), 443)
    said = python_client(lambda connection: None)()
    stop()
    return said


def ok_tls12_keys():
    """Base of several made captures: TLS 1.2 with a Python client that logs its keys."""
    stop = openssl_server("-tls1_2", "-www")
    (WORK / "keys.log").unlink(missing_ok=True)

    def act(connection):
        context = ssl.create_default_context(cafile=WORK / "root.pem")
        context.keylog_filename = str(WORK / "keys.log")
        with context.wrap_socket(connection, server_hostname=HOST) as tls:
            tls.sendall(b"GET / HTTP/1.0\r\n\r\n")
            return tls.recv(8).decode() + "…"
    said = python_client(act)()
    stop()
    return said


def ok_tls13_keys():
    stop = openssl_server("-tls1_3", "-www")
    (WORK / "keys.log").unlink(missing_ok=True)

    def act(connection):
        context = ssl.create_default_context(cafile=WORK / "stranger.pem")
        context.keylog_filename = str(WORK / "keys.log")
        try:
            context.wrap_socket(connection, server_hostname=HOST)
        except ssl.SSLError as error:
            return str(error)
    said = python_client(act)()
    stop()
    return said


class Scene:
    """What is written beside the capture."""

    def __init__(self, run, cause, shows, *, how, store=None, host=None, keylog=False, interface="eth0", finding=None):
        self.run, self.cause, self.shows, self.how, self.store = run, cause, shows, how, store
        self.host, self.keylog, self.interface, self.finding = host, keylog, interface, finding


SCENES = {
    "starttls-refused": Scene(
        starttls_refused, "starttls-refused", "SMTP: STARTTLS is offered, and answered with 454",
        how="curl against a server of the script"),
    "starttls-refused-postgres": Scene(
        starttls_refused_postgres, "starttls-refused", "PostgreSQL answers the SSLRequest with N",
        how="psql with sslmode=require against PostgreSQL with ssl=off"),
    "starttls-refused-ldap": Scene(
        starttls_refused_ldap, "starttls-refused", "LDAP: the StartTLS operation is answered with protocolError",
        how="ldapsearch -ZZ against a server of the script"),
    "proxy-refused": Scene(
        proxy_refused, "proxy-refused", "an HTTP proxy answers CONNECT with 403",
        how="curl against tinyproxy, which lets CONNECT pass to port 443 alone"),
    "proxy-hostname-mismatch": Scene(
        proxy_hostname_mismatch, "hostname-mismatch", "TLS behind a CONNECT that was granted; the certificate is for another name",
        how="curl by way of tinyproxy against openssl s_server", store="root.pem", host=HOST),
    "middlebox-interference": Scene(
        middlebox_interference, "middlebox-interference",
        "a RST in the server's name behind the ClientHello, with a time to live of 119 and an IP id of its own",
        how="curl against a server of the script; a thread of the script at the server's end sends the RST through a raw socket"),
    "certificate-rejected": Scene(
        certificate_rejected, "certificate-rejected", "the chain is good, and the client pins another certificate",
        how="a Java client whose trust manager refuses after the usual checks, against openssl s_server",
        store="root.pem", host=HOST),
    "any-untrusted-root": Scene(
        any_untrusted_root, "untrusted-root", "captured on all interfaces at once (LINUX_SLL2)",
        how="a Java client against openssl s_server, tcpdump -i any", store="stranger.pem", host=HOST, interface="any"),
    "client-closed": Scene(
        client_closed, "client-closed", "the client is stopped 0.2 s after its ClientHello; its kernel sends the FIN",
        how="openssl s_client, killed, against a server of the script that does not answer"),
    "client-reset": Scene(
        client_reset, "client-reset", "the client resets 50 ms after its ClientHello (SO_LINGER of 0)",
        how="a client of the script against a server of the script that does not answer"),
    "protocol-error": Scene(
        protocol_error, "protocol-error", "a ClientHello with an extension that claims to be longer than the message: decode_error",
        how="a client of the script, with a ClientHello of OpenSSL and one byte changed, against openssl s_server"),
    "handshake-failure": Scene(
        handshake_failure, "handshake-failure", "the client refuses a Diffie-Hellman prime of 1024 bits with handshake_failure",
        how="openssl s_client against openssl s_server -dhparam", store="truststore.pem", host=HOST),
    "tls13-clear-alert": Scene(
        tls13_clear_alert, "certificate-rejected",
        "TLS 1.3 without keys: OpenSSL sends unknown_ca in clear, and the chain that would tell the reason (an unknown root) stays hidden",
        how="openssl s_client against openssl s_server", store="stranger.pem", host=HOST),
    "tls13-hidden-alert": Scene(
        tls13_hidden_alert, "certificate-rejected", "TLS 1.3 without keys: a record of 19 bytes in place of the Finished",
        how="gnutls-cli against openssl s_server", store="stranger.pem", host=HOST),
    "tls13-silent-close": Scene(
        tls13_silent_close, "certificate-rejected", "TLS 1.3 without keys: the client closes behind the server's flight without a record",
        how="Node against openssl s_server", store="stranger.pem", host=HOST),
    "ok-mlkem": Scene(
        ok_mlkem, "none", "X25519MLKEM768: a ClientHello of two segments, a ServerHello of more than a kilobyte",
        how="Node against Node, both with OpenSSL 3.5", store="root.pem", host=HOST),
    "health-probe": Scene(
        health_probe, "none", "a TCP connection that is opened and closed again, as load balancers do",
        how="a client of the script against a server of the script"),
    "ok-tls12-keys": Scene(
        ok_tls12_keys, "none", "TLS 1.2 with keys, request and answer",
        how="Python against openssl s_server -www", store="root.pem", host=HOST, keylog=True),
    "tls13-keys-untrusted-root": Scene(
        ok_tls13_keys, "untrusted-root", "TLS 1.3 with keys: the hidden chain and why it is refused",
        how="Python against openssl s_server", store="stranger.pem", host=HOST, keylog=True),
}


def toml(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def scrub(text):
    """What a client printed, without what belongs to this machine or run."""
    text = text.replace(str(WORK) + "/", "").replace(str(WORK), "")
    text = re.sub(r"^[0-9A-F]{12,16}:error", "error", text, flags=re.M)
    lines = [line.rstrip() for line in text.splitlines() if line.strip() and not line.startswith("CONNECTED")]
    return "\n".join(lines[:24])


def record(name, scene):
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for old in ("truststore.pem", "keys.log"):
        (WORK / old).unlink(missing_ok=True)
    # The dumper keeps no root's rights, so it writes to its standard output.
    with open(folder / "capture.pcap", "wb") as out:
        dump = subprocess.Popen(inside(CLIENT_NS, "tcpdump", "-i", scene.interface, "-U", "--immediate-mode", "-s", "0",
                                       "-w", "-", "tcp"), stdout=out, stderr=subprocess.PIPE, text=True)
        while "listening on" not in dump.stderr.readline():
            pass
        said = scrub(scene.run())
        time.sleep(0.4)
        dump.terminate()
        dump.wait(10)
    settings = [f"description = {toml(scene.shows)}", f"cause = {toml(scene.cause)}"]
    if scene.store:
        shutil.copy(WORK / scene.store, folder / "truststore.pem")
        settings.append('truststore = "truststore.pem"')
    if scene.host:
        settings.append(f"host = {toml(scene.host)}")
    if scene.keylog:
        lines = [line for line in (WORK / "keys.log").read_text().splitlines() if not line.startswith("#")]
        (folder / "keys.log").write_text("\n".join(lines) + "\n")
        settings.append('keylog = "keys.log"')
    if scene.finding:
        settings.append(f"finding = {toml(scene.finding)}")
    settings.append("stream = 0")
    (folder / "case.toml").write_text("\n".join(settings) + "\n")
    printed = f"\nWhat the client printed:\n\n```text\n{said}\n```\n" if said else ""
    (folder / "README.md").write_text(
        f"# {name}\n\n{scene.shows[0].upper()}{scene.shows[1:]}.\n\n"
        f"Made by `captures/make-live.py {name}`: {scene.how},\nin two network namespaces with documentation addresses. "
        f"Same licence as the project.\n{printed}")
    print(f"{name}: {(folder / 'capture.pcap').stat().st_size} bytes")


def main():
    names = sys.argv[1:] or list(SCENES)
    remove_network()
    build_network()
    try:
        make_certificates()
        for name in names:
            record(name, SCENES[name])
    finally:
        remove_network()
        shutil.rmtree(WORK, ignore_errors=True)


main()
