package dev.dunlin.engine.codec;

import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.Wire;
import dev.dunlin.engine.testkit.WireConnect;
import dev.dunlin.engine.topic.TopicCache;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.ReferenceCountUtil;
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
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/** What it costs to read a PUBLISH packet of 100 bytes payload, by our decoder and by Netty's. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class MqttDecoderBenchmark {
    private static final int PACKETS = 100;
    private static final int MAX_PACKET_BYTES = 65_536;

    @Param({"V3_1_1", "V5"})
    public MqttVersion version = MqttVersion.V3_1_1;

    @Param({"0", "1"})
    public int qos;

    /** Made when the parameters are known. */
    @State(Scope.Thread)
    public static class Input {
        private final MqttDecoder ours = new MqttDecoder(MAX_PACKET_BYTES, System::nanoTime, new TopicCache());
        private final EmbeddedChannel netty =
                new EmbeddedChannel(new io.netty.handler.codec.mqtt.MqttDecoder(MAX_PACKET_BYTES));
        private ByteBuf packets = Unpooled.EMPTY_BUFFER;

        @Setup
        public void fill(MqttDecoderBenchmark parameters) {
            var connect = WireConnect.of(parameters.version, "client").encode();
            ours.decode(Unpooled.wrappedBuffer(connect));
            netty.writeInbound(Unpooled.wrappedBuffer(connect));
            ReferenceCountUtil.release(netty.readInbound());
            var packet = Wire.publish(
                    parameters.version,
                    "plant/boiler/temperature",
                    "x".repeat(100),
                    parameters.qos,
                    false,
                    parameters.qos > 0 ? 7 : 0);
            packets = Unpooled.directBuffer(PACKETS * packet.length);
            for (int i = 0; i < PACKETS; i++) {
                packets.writeBytes(packet);
            }
        }
    }

    @Benchmark
    @OperationsPerInvocation(PACKETS)
    public void ours(Input input, Blackhole read) {
        input.packets.readerIndex(0);
        for (int i = 0; i < PACKETS; i++) {
            read.consume(input.ours.decode(input.packets));
        }
    }

    @Benchmark
    @OperationsPerInvocation(PACKETS)
    public void netty(Input input, Blackhole read) {
        input.packets.readerIndex(0);
        input.netty.writeInbound(input.packets.retainedDuplicate());
        for (int i = 0; i < PACKETS; i++) {
            var message = input.netty.readInbound();
            read.consume(message);
            ReferenceCountUtil.release(message);
        }
    }
}
