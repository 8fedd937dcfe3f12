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
public class MqttEncoderBenchmark {
    private static final int PACKETS = 100;

    @Param({"MQTT_3_1_1", "MQTT_5"})
    public ProtocolVersion version = ProtocolVersion.MQTT_3_1_1;

    @Param({"AT_MOST_ONCE", "AT_LEAST_ONCE"})
    public QoS qos = QoS.AT_MOST_ONCE;

    private final Publish message = new Publish(
            TopicName.of("plant/boiler/temperature"),
            new byte[100],
            QoS.AT_LEAST_ONCE,
            false,
            false,
            7,
            MessageProperties.NONE,
            Publish.NEVER);
    private final ByteBuf out = Unpooled.directBuffer(64 * 1024);

    @Benchmark
    @OperationsPerInvocation(PACKETS)
    public ByteBuf publish() {
        out.clear();
        int packetId = qos == QoS.AT_MOST_ONCE ? 0 : 7;
        for (int i = 0; i < PACKETS; i++) {
            MqttEncoder.publish(
                    out, version, message, qos, false, false, packetId, 0, true, null, MessageProperties.NEVER);
        }
        return out;
    }
}
