package dev.dunlin.credential;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.ServiceTest;
import dev.dunlin.engine.port.TenantId;
import dev.dunlin.engine.testkit.TestCertificate;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;

class CertificatesTest extends ServiceTest {
    private static final String DEVICE = "my-first-device";

    @Autowired
    Certificates certificates;

    @Autowired
    Credentials credentials;

    private TenantId acme;

    @BeforeEach
    void makeTenant() {
        acme = signUp("Acme").tenant().id();
    }

    @Test
    void keepsAndRemovesCertificates() {
        // given
        var first = TestCertificate.named("first");
        var second = TestCertificate.named("second");
        // when
        certificates.add(acme, DEVICE, first.pem());
        certificates.add(acme, DEVICE, "\r\n " + second.pem().replace("\n", "\r\n") + "\n");
        certificates.add(acme, DEVICE, first.pem());
        // then
        assertThat(certificates.list(acme, DEVICE))
                .satisfiesExactly(
                        one -> {
                            assertThat(one.fingerprint()).isEqualTo(first.fingerprint());
                            assertThat(one.subject()).isEqualTo("CN=first");
                            assertThat(one.notAfter())
                                    .isEqualTo(first.certificate().getNotAfter().toInstant());
                        },
                        two -> assertThat(two.fingerprint()).isEqualTo(second.fingerprint()));
        // when
        certificates.remove(acme, DEVICE, first.fingerprint());
        // then
        assertThat(certificates.list(acme, DEVICE))
                .extracting(CertificateView::subject)
                .containsExactly("CN=second");
        assertThatThrownBy(() -> certificates.remove(acme, DEVICE, first.fingerprint()))
                .isInstanceOf(CertificateNotFoundException.class);
        // and goes with its device
        credentials.delete(acme, DEVICE);
        credentials.create(acme, new NewCredential(DEVICE, Template.EVERYTHING, null, null, null));
        assertThat(certificates.list(acme, DEVICE)).isEmpty();
    }

    @Test
    void belongsToOneDeviceOfATenantAndToAnyNumberOfTenants() {
        var mine = TestCertificate.named("mine");
        var other = signUp("Other").tenant().id();
        credentials.create(acme, new NewCredential("boiler", Template.EVERYTHING, null, null, null));
        certificates.add(acme, DEVICE, mine.pem());
        certificates.add(other, DEVICE, mine.pem());
        assertThatThrownBy(() -> certificates.add(acme, "boiler", mine.pem()))
                .isInstanceOf(InvalidCertificateException.class)
                .hasMessageContaining("Another device of this workspace");
        // nobody removes another's
        assertThatThrownBy(() -> certificates.remove(acme, "boiler", mine.fingerprint()))
                .isInstanceOf(CertificateNotFoundException.class);
        certificates.remove(other, DEVICE, mine.fingerprint());
        assertThat(certificates.list(acme, DEVICE)).hasSize(1);
        assertThatThrownBy(() -> certificates.add(acme, "nobody", mine.pem()))
                .isInstanceOf(CredentialNotFoundException.class);
        assertThatThrownBy(() -> certificates.list(acme, "nobody")).isInstanceOf(CredentialNotFoundException.class);
    }

    @Test
    void refusesWhatIsNoCertificateThatADeviceShouldUse() {
        var now = Instant.now();
        var good = TestCertificate.named("good").pem();
        var expired = TestCertificate.valid("old", now.minus(9, ChronoUnit.DAYS), now.minus(1, ChronoUnit.DAYS));
        var weak = TestCertificate.of("weak", "RSA", 1024, now, now.plus(1, ChronoUnit.DAYS));
        for (var refused : List.of(
                List.of("", "not a certificate in PEM form"),
                List.of("hello", "not a certificate in PEM form"),
                List.of("-----BEGIN PRIVATE KEY-----\nMIG\n-----END PRIVATE KEY-----", "stays on the device"),
                List.of(good + "-----BEGIN EC PRIVATE KEY-----\n", "stays on the device"),
                List.of(good.substring(0, good.length() / 2), "damaged"),
                List.of(good.replace("MII", "AAA").replace("MIIB", "////"), "damaged"),
                List.of(good + TestCertificate.named("issuer").pem(), "one certificate at a time"),
                List.of(good + "x".repeat(40_000), "too long"),
                List.of(expired.pem(), "expired"),
                List.of(weak.pem(), "too weak"))) {
            assertThatThrownBy(() -> certificates.add(acme, DEVICE, refused.get(0)))
                    .as(refused.get(1))
                    .isInstanceOf(InvalidCertificateException.class)
                    .hasMessageContaining(refused.get(1));
        }
        assertThat(certificates.list(acme, DEVICE)).isEmpty();
        var strong = TestCertificate.of("strong", "RSA", 2048, now, now.plus(1, ChronoUnit.DAYS));
        certificates.add(acme, DEVICE, strong.pem());
        for (int i = 1; i < Certificates.MAX_PER_CREDENTIAL; i++) {
            certificates.add(acme, DEVICE, TestCertificate.named("device-" + i).pem());
        }
        assertThatThrownBy(() -> certificates.add(acme, DEVICE, good))
                .isInstanceOf(InvalidCertificateException.class)
                .hasMessageContaining("at most");
    }
}
