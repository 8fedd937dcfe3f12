package dev.dunlin.engine.transport;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ConnectGuardTest {
    private final AtomicLong nanos = new AtomicLong(-5);

    @Test
    void admitsABurstThenTheRate() throws Exception {
        // given
        var guard = new ConnectGuard(200, 0, nanos::get);
        var address = address("192.0.2.7");
        // when a flood comes at once, and again a second later
        long burst = admitted(guard, address, 5_000);
        pass(Duration.ofSeconds(1));
        long later = admitted(guard, address, 5_000);
        // then
        assertThat(burst).isEqualTo(2_000);
        assertThat(later).isEqualTo(200);
        assertThat(guard.refusedConnections()).isEqualTo(7_800);
    }

    @Test
    void countsEachAddressByItself() throws Exception {
        var guard = new ConnectGuard(1, 0, nanos::get);
        assertThat(admitted(guard, address("192.0.2.7"), 50)).isEqualTo(10);
        assertThat(admitted(guard, address("192.0.2.8"), 50)).isEqualTo(10);
    }

    @Test
    void countsAnIpv6NetworkAsOne() throws Exception {
        var guard = new ConnectGuard(1, 0, nanos::get);
        assertThat(admitted(guard, address("2001:db8::1"), 50)).isEqualTo(10);
        assertThat(admitted(guard, address("2001:db8::ffff:2"), 50)).isZero();
        assertThat(admitted(guard, address("2001:db8:0:1::1"), 50)).isEqualTo(10);
    }

    @Test
    void answersSomeFailedLoginsASecond() throws Exception {
        var guard = new ConnectGuard(0, 10, nanos::get);
        var address = address("192.0.2.7");
        assertThat(IntStream.range(0, 100).filter(i -> guard.mayAnswerFailure(address, null)))
                .hasSize(10);
        pass(Duration.ofMillis(100));
        assertThat(guard.mayAnswerFailure(address, null)).isTrue();
        assertThat(guard.mayAnswerFailure(address, null)).isFalse();
    }

    @Test
    void answersSomeFailuresOfOneUserNameASecondFromWhereverTheyCome() throws Exception {
        // given somebody who guesses one name, each time from another address
        var guard = new ConnectGuard(0, 10, nanos::get);
        int answered = 0;
        for (int i = 0; i < 200; i++) {
            answered += guard.mayAnswerFailure(address("10.0.0." + i), "acme.boiler-7") ? 1 : 0;
        }
        // then most get no answer, and other names do
        assertThat(answered).isEqualTo(40);
        assertThat(guard.mayAnswerFailure(address("10.0.1.1"), "acme.boiler-8")).isTrue();
        pass(Duration.ofMillis(25));
        assertThat(guard.mayAnswerFailure(address("10.0.1.2"), "acme.boiler-7")).isTrue();
        assertThat(guard.mayAnswerFailure(address("10.0.1.3"), "acme.boiler-7")).isFalse();
    }

    @Test
    void takesNoAnswerOfAUserNameForAnAddressThatGetsNone() throws Exception {
        // given an address that has had its answers, with other names
        var guard = new ConnectGuard(0, 10, nanos::get);
        var flooding = address("192.0.2.7");
        for (int i = 0; i < 10; i++) {
            assertThat(guard.mayAnswerFailure(flooding, "name-" + i)).isTrue();
        }
        // when it goes on with a name of somebody else
        for (int i = 0; i < 1_000; i++) {
            assertThat(guard.mayAnswerFailure(flooding, "acme.boiler-7")).isFalse();
        }
        // then the owner is told that he mistyped, as often as ever
        var owner = address("192.0.2.8");
        assertThat(IntStream.range(0, 10).allMatch(i -> guard.mayAnswerFailure(owner, "acme.boiler-7")))
                .isTrue();
    }

    @Test
    void zeroMeansNoLimit() throws Exception {
        var guard = new ConnectGuard(0, 0, nanos::get);
        var address = address("192.0.2.7");
        assertThat(admitted(guard, address, 100_000)).isEqualTo(100_000);
        assertThat(IntStream.range(0, 100_000).allMatch(i -> guard.mayAnswerFailure(address, null)))
                .isTrue();
    }

    @Test
    void remembersAFloodingAddressAmongManyOthers() throws Exception {
        // given an address that has used up what it may
        var guard = new ConnectGuard(1, 0, nanos::get);
        var flooding = address("192.0.2.7");
        admitted(guard, flooding, 50);
        // when thirty thousand others connect once
        for (int i = 0; i < 30_000; i++) {
            guard.mayConnect(InetAddress.getByAddress(new byte[] {10, 1, (byte) (i >>> 8), (byte) i}));
        }
        // then it is still refused
        assertThat(guard.mayConnect(flooding)).isFalse();
    }

    private void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
    }

    private static InetAddress address(String literal) throws UnknownHostException {
        return InetAddress.getByName(literal);
    }

    private static long admitted(ConnectGuard guard, InetAddress address, int tries) {
        return IntStream.range(0, tries).filter(i -> guard.mayConnect(address)).count();
    }
}
