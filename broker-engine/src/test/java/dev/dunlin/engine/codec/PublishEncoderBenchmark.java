package dev.dunlin.engine.codec;

import dev.dunlin.engine.packet.MessageProperties;
import dev.dunlin.engine.packet.ProtocolVersion;
import dev.dunlin.engine.packet.Publish;
import dev.dunlin.engine.packet.QoS;
import dev.dunlin.engine.topic.TopicName;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What it costs to write a PUBLISH packet of 100 bytes payload, behind others in one buffer. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class PublishEncoderBenchmark {
    private static final int PACKETS = 100;

    @Param({"MQTT_3_1_1", "MQTT_5"})
    public ProtocolVersion version = ProtocolVersion.MQTT_3_1_1;

    @Param({"AT_MOST_ONCE", "AT_LEAST_ONCE"})
    public QoS qos = QoS.AT_MOST_ONCE;

    private final PublishEncoder encoder = new PublishEncoder();
    private final Publish message = message();
    private final Publish other = message();
    private final ByteBuf out = Unpooled.directBuffer(64 * 1024);

    private static Publish message() {
        return new Publish(
                TopicName.of("plant/boiler/temperature"),
                new byte[100],
                QoS.AT_LEAST_ONCE,
                false,
                false,
                7,
                MessageProperties.NONE,
                Publish.NEVER);
    }

    /** One message to many subscribers that are alike. */
    @Benchmark
    @OperationsPerInvocation(PACKETS)
    public ByteBuf publishAlike() {
        out.clear();
        for (int i = 0; i < PACKETS; i++) {
            publish(message);
        }
        return out;
    }

    /** Each message to one subscriber. */
    @Benchmark
    @OperationsPerInvocation(PACKETS)
    public ByteBuf publishAnew() {
        out.clear();
        for (int i = 0; i < PACKETS; i++) {
            publish(i % 2 == 0 ? message : other);
        }
        return out;
    }

    private void publish(Publish publish) {
        encoder.encode(version, publish, qos, false, false, 0, true, null, MessageProperties.NEVER);
        encoder.writeTo(out, qos == QoS.AT_MOST_ONCE ? 0 : 7);
    }
}
