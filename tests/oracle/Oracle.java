// Reads questions from standard input, a line each: time in seconds, the chain and the store as hex of DER, separated by
// spaces and the groups by tabs. Answers "ok" or the reason, a line each, as the JDK's own trust manager decides.

import java.io.*;
import java.security.*;
import java.security.cert.*;
import java.util.*;
import javax.net.ssl.*;

public class Oracle {
    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        StringBuilder out = new StringBuilder();
        for (String line; (line = in.readLine()) != null; ) {
            String[] parts = line.split("\t", -1);
            out.append(answer(Long.parseLong(parts[0]), parts[1], parts[2])).append('\n');
        }
        System.out.print(out);
    }

    static String answer(long seconds, String chain, String store) {
        try {
            KeyStore trusted = KeyStore.getInstance("PKCS12");
            trusted.load(null, null);
            for (X509Certificate certificate : read(store, true)) {
                trusted.setCertificateEntry("entry" + trusted.size(), certificate);
            }
            PKIXBuilderParameters parameters = new PKIXBuilderParameters(trusted, new X509CertSelector());
            parameters.setRevocationEnabled(false);
            parameters.setDate(new Date(seconds * 1000));
            TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
            factory.init(new CertPathTrustManagerParameters(parameters));
            X509TrustManager manager = (X509TrustManager) factory.getTrustManagers()[0];
            X509Certificate[] sent = read(chain, false).toArray(new X509Certificate[0]);
            String reason = "";
            // The key exchange is not part of the question: any one that is allowed will do.
            for (String exchange : new String[] {"UNKNOWN", "RSA", "ECDH_ECDSA"}) {
                try {
                    manager.checkServerTrusted(sent, exchange);
                    return "ok";
                } catch (CertificateException e) {
                    reason = reason.isEmpty() ? text(e) : reason;
                }
            }
            return reason;
        } catch (Exception e) {
            return text(e);
        }
    }

    static List<X509Certificate> read(String list, boolean lenient) throws Exception {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        List<X509Certificate> certificates = new ArrayList<>();
        for (String hex : list.split(" ")) {
            if (hex.isEmpty()) {
                continue;
            }
            try {
                byte[] der = HexFormat.of().parseHex(hex);
                certificates.add((X509Certificate) factory.generateCertificate(new ByteArrayInputStream(der)));
            } catch (CertificateException e) {
                if (!lenient) {
                    throw e;
                }
            }
        }
        return certificates;
    }

    static String text(Throwable problem) {
        StringBuilder text = new StringBuilder();
        for (; problem != null; problem = problem.getCause()) {
            text.append(text.length() > 0 ? " <- " : "").append(String.valueOf(problem.getMessage()).replace('\n', ' '));
        }
        return text.toString();
    }
}
