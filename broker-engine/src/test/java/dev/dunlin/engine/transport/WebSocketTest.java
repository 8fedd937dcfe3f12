package dev.dunlin.engine.transport;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.engine.conformance.Conformance;
import dev.dunlin.engine.port.Transport;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Frames and requests that no WebSocket client would let one send. */
class WebSocketTest {
    private static final int CONTINUATION = 0;
    private static final int TEXT = 1;
    private static final int BINARY = 2;
    private static final int CLOSE = 8;
    private static final int PING = 9;
    private static final int PONG = 10;
    private static final int FIN = 0x80;

    @TempDir
    Path directory;

    private EchoListeners echo;
    private Socket socket;

    @BeforeEach
    void open() throws Exception {
        echo = new EchoListeners(EchoListeners.settings(directory));
        socket = new Socket("127.0.0.1", echo.port(Transport.WS));
        socket.setSoTimeout(10_000);
        socket.setTcpNoDelay(true);
    }

    @AfterEach
    void close() throws Exception {
        socket.close();
        echo.close();
    }

    @ParameterizedTest
    @CsvSource({
        "mqtt, mqtt",
        "mqttv3.1, mqttv3.1",
        "'soap, mqtt', mqtt",
        "'mqttv3.1,mqtt', mqtt",
        "'mqtt, mqttv3.1', mqtt",
        "'soap,mqttv3.1', mqttv3.1"
    })
    @Conformance({"MQTT 3.1.1 [MQTT-6.0.0-4]", "MQTT 5 [MQTT-6.0.0-4]"})
    void choosesTheSubprotocolOfTheStandardAndElseThatOfMqtt31(String offered, String chosen) throws Exception {
        var answer = request("GET /mqtt HTTP/1.1", "Sec-WebSocket-Protocol: " + offered);
        assertThat(answer)
                .startsWith("http/1.1 101 ")
                .contains("sec-websocket-protocol: " + chosen + "\r\n")
                // RFC 6455 §1.3
                .contains("s3pplmbitxaq9kygzzhzrbk+xoo=");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "GET /mqtt HTTP/1.1    | Sec-WebSocket-Protocol: soap | 400 bad request     | sub-protocol mqtt",
                "GET /mqtt HTTP/1.1    | X-Nothing: offered           | 400 bad request     | sub-protocol mqtt",
                "GET /other HTTP/1.1   | Sec-WebSocket-Protocol: mqtt | 404 not found       | path /mqtt",
                "GET / HTTP/1.1        | Connection: close            | 404 not found       | mqtt broker",
                "GET /mqtt HTTP/1.1    | Upgrade: h2c                 | 426 upgrade required| websocket",
                "POST /mqtt HTTP/1.1   | Sec-WebSocket-Protocol: mqtt | 426 upgrade required| websocket",
                "GET /mqtt HTTP/1.0    | Sec-WebSocket-Protocol: mqtt | 426 upgrade required| websocket",
                "nonsense              | Sec-WebSocket-Protocol: mqtt | 400 bad request     | ''"
            })
    @Conformance({"MQTT 3.1.1 [MQTT-6.0.0-3]", "MQTT 5 [MQTT-6.0.0-3]"})
    void saysInPlainTextWhatIsMissing(String line, String header, String status, String text) throws Exception {
        var answer = request(line, header) + new String(socket.getInputStream().readAllBytes(), US_ASCII);
        assertThat(answer.toLowerCase(Locale.ROOT))
                .startsWith("http/1.1 " + status)
                .contains(text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"permessage-deflate", "permessage-deflate; client_max_window_bits, x-webkit-deflate-frame"})
    void agreesToNoExtension(String offered) throws Exception {
        var answer =
                request("GET /mqtt HTTP/1.1", "Sec-WebSocket-Protocol: mqtt", "Sec-WebSocket-Extensions: " + offered);
        assertThat(answer).startsWith("http/1.1 101 ").doesNotContain("sec-websocket-extensions");
        // and takes no frame as if it had
        socket.getOutputStream().write(hex("C2 81 00 00 00 00 C0"));
        assertClosedWith(1002);
    }

    @Test
    void boundsTheRequest() throws Exception {
        var answer = request("GET /mqtt HTTP/1.1", "Cookie: " + "c".repeat(20_000));
        assertThat(answer).startsWith("http/1.1 431 ");
    }

    @Test
    void warnsOfNoRequestThatBreaksOff() throws Exception {
        try (var warnings = new Warnings(StartFault.class)) {
            // given a request that has been read up to its body
            socket.getOutputStream()
                    .write("GET /mqtt HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
                            .getBytes(US_ASCII));
            assertThat(socket.getInputStream().read()).isEqualTo('H');
            // when the client leaves
            socket.close();
            // then
            echo.close();
            assertThat(warnings.messages()).isEmpty();
        }
    }

    @Test
    @Conformance({"MQTT 3.1.1 [MQTT-6.0.0-2]", "MQTT 5 [MQTT-6.0.0-2]"})
    void joinsFramesAndToleratesAnySplit() throws Exception {
        // given a message in three frames with a ping between, and a second message, byte by byte
        upgrade();
        var bytes = new ByteArrayOutputStream();
        bytes.write(frame(BINARY, "plant/"));
        bytes.write(frame(CONTINUATION, "boiler/"));
        bytes.write(frame(FIN | PING, "there?"));
        bytes.write(frame(FIN | CONTINUATION, "temperature"));
        bytes.write(frame(FIN | BINARY, ""));
        bytes.write(frame(FIN | BINARY, "!"));
        // when
        for (byte one : bytes.toByteArray()) {
            socket.getOutputStream().write(one);
        }
        // then
        var payload = new StringBuilder();
        var pongs = new ArrayList<String>();
        while (payload.length() < "plant/boiler/temperature!".length()) {
            var frame = receive();
            if (frame.opcode == PONG) {
                pongs.add(frame.text());
            } else {
                payload.append(frame.text());
            }
        }
        assertThat(payload).hasToString("plant/boiler/temperature!");
        assertThat(pongs).containsExactly("there?");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7, 8, 9, 125, 126, 127, 65_535, 65_536, 200_001})
    void carriesFramesOfAnyLength(int length) throws Exception {
        upgrade();
        var payload = new byte[length + 1];
        for (int i = 0; i < length; i++) {
            payload[i] = (byte) (i * 31);
        }
        payload[length] = '!';
        socket.getOutputStream().write(frame(BINARY, Arrays.copyOf(payload, length)));
        socket.getOutputStream().write(frame(FIN | CONTINUATION, new byte[] {'!'}));
        var received = new ByteArrayOutputStream();
        while (received.size() <= length) {
            received.write(receive().payload);
        }
        assertThat(received.toByteArray()).isEqualTo(payload);
    }

    @Test
    @Conformance({"MQTT 3.1.1 [MQTT-6.0.0-1]", "MQTT 5 [MQTT-6.0.0-1]"})
    void refusesText() throws Exception {
        upgrade();
        socket.getOutputStream().write(frame(FIN | TEXT, "hello"));
        assertClosedWith(1003);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "82 00", // not masked
                "C2 80 00 00 00 00", // a reserved bit
                "83 80 00 00 00 00", // a reserved opcode
                "80 80 00 00 00 00", // nothing to continue
                "02 80 00 00 00 00 82 80 00 00 00 00", // a message within a message
                "09 80 00 00 00 00", // a ping in parts
                "89 FE 00 7E 00 00 00 00", // a ping that is too long
                "88 81 00 00 00 00 03", // half a status
                "88 82 00 00 00 00 03 ED", // a status that is never sent
            })
    void refusesWhatRfc6455Forbids(String bytes) throws Exception {
        upgrade();
        socket.getOutputStream().write(hex(bytes));
        assertClosedWith(1002);
    }

    @ParameterizedTest
    @ValueSource(strings = {"82 FF 00 00 00 00 10 00 00 05 00 00 00 00", "82 FF FF FF FF FF FF FF FF FF 00 00 00 00"})
    void refusesFramesLongerThanAnyPacket(String bytes) throws Exception {
        upgrade();
        socket.getOutputStream().write(hex(bytes));
        assertClosedWith(1009);
    }

    @Test
    void answersACloseAfterWhatCameBeforeIt() throws Exception {
        upgrade();
        var bytes = new ByteArrayOutputStream();
        bytes.write(frame(FIN | BINARY, "last"));
        bytes.write(frame(FIN | CLOSE, new byte[] {0x03, (byte) 0xE9}));
        socket.getOutputStream().write(bytes.toByteArray());
        assertThat(receive().text()).isEqualTo("last");
        assertClosedWith(1001);
    }

    @Test
    void sendsNoFrameWhereThereIsNothingToSay() {
        var channel = new EmbeddedChannel(new WebSocketFrames());
        channel.writeOutbound(Unpooled.EMPTY_BUFFER);
        assertThat(channel.<ByteBuf>readOutbound()).isSameAs(Unpooled.EMPTY_BUFFER);
        assertThat(channel.<ByteBuf>readOutbound()).isNull();
        channel.finishAndReleaseAll();
    }

    private String request(String line, String... headers) throws IOException {
        var lines = new ArrayList<>(List.of(line, "Host: localhost"));
        lines.addAll(List.of(headers));
        if (!String.join("", headers).contains("Upgrade:")) {
            lines.addAll(List.of("Upgrade: websocket", "Connection: keep-alive, Upgrade"));
        }
        lines.addAll(List.of("Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", ""));
        socket.getOutputStream().write(String.join("\r\n", lines).getBytes(US_ASCII));
        var answer = new StringBuilder();
        while (!answer.toString().endsWith("\r\n\r\n")) {
            int read = socket.getInputStream().read();
            assertThat(read).as("rest of: %s", answer).isNotNegative();
            answer.append((char) read);
        }
        return answer.toString().toLowerCase(Locale.ROOT);
    }

    private void upgrade() throws IOException {
        assertThat(request("GET /mqtt HTTP/1.1", "Sec-WebSocket-Protocol: mqtt"))
                .startsWith("http/1.1 101 ");
    }

    private void assertClosedWith(int status) throws IOException {
        var frame = receive();
        assertThat(frame.opcode).isEqualTo(CLOSE);
        assertThat(ByteBuffer.wrap(frame.payload).getShort()).isEqualTo((short) status);
        try {
            assertThat(socket.getInputStream().read()).isNegative();
        } catch (SocketException reset) {
            assertThat(reset).hasMessageContaining("reset");
        }
    }

    private record Frame(int opcode, byte[] payload) {
        String text() {
            return new String(payload, US_ASCII);
        }
    }

    private Frame receive() throws IOException {
        var in = new DataInputStream(socket.getInputStream());
        int first = in.readUnsignedByte();
        assertThat(first & FIN).isEqualTo(FIN);
        long length = in.readUnsignedByte();
        if (length == 126) {
            length = in.readUnsignedShort();
        } else if (length == 127) {
            length = in.readLong();
        }
        var payload = new byte[(int) length];
        in.readFully(payload);
        return new Frame(first & 0xF, payload);
    }

    private static byte[] frame(int first, String payload) {
        return frame(first, payload.getBytes(US_ASCII));
    }

    private static byte[] frame(int first, byte[] payload) {
        var frame = ByteBuffer.allocate(14 + payload.length).put((byte) first);
        if (payload.length < 126) {
            frame.put((byte) (0x80 | payload.length));
        } else if (payload.length <= 0xFFFF) {
            frame.put((byte) (0x80 | 126)).putShort((short) payload.length);
        } else {
            frame.put((byte) (0x80 | 127)).putLong(payload.length);
        }
        byte[] mask = {0x12, (byte) 0xF3, 0x56, 0x78};
        frame.put(mask);
        for (int i = 0; i < payload.length; i++) {
            frame.put((byte) (payload[i] ^ mask[i % 4]));
        }
        return Arrays.copyOf(frame.array(), frame.position());
    }

    private static byte[] hex(String text) {
        return HexFormat.ofDelimiter(" ").parseHex(text);
    }
}
