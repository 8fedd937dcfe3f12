package dev.dunlin.engine.transport;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.util.concurrent.Future;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The one HTTP request of a WebSocket connection (RFC 6455 §4.2): answers it with the upgrade and makes way, or says in
 * plain text what is missing and closes.
 */
final class WebSocketUpgrade extends SimpleChannelInboundHandler<FullHttpRequest> {
    private static final String PATH = "/mqtt";
    private static final String SUBPROTOCOL = "mqtt";
    private static final String SUBPROTOCOL_OF_MQTT_3_1 = "mqttv3.1";
    private static final String HINT = "This is an MQTT broker: connect an MQTT client over WebSocket to the path "
            + PATH + ", with the sub-protocol mqtt.\n";
    private static final String ACCEPT_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    private static final long DEADLINE_SECONDS = 10;
    private static final HttpDecoderConfig LIMITS = new HttpDecoderConfig()
            .setMaxInitialLineLength(2048)
            // a browser sends the cookies of every service on this host name
            .setMaxHeaderSize(16 * 1024);
    private static final int MAX_BODY_BYTES = 1024;

    private final Consumer<Channel> next;
    private @Nullable Future<?> deadline;

    private WebSocketUpgrade(Consumer<Channel> next) {
        this.next = next;
    }

    /** Adds what the request needs; all of it is gone when {@code next} is called. */
    static void addTo(ChannelPipeline pipeline, Consumer<Channel> next) {
        pipeline.addLast(
                new HttpServerCodec(LIMITS), new HttpObjectAggregator(MAX_BODY_BYTES), new WebSocketUpgrade(next));
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        deadline = context.executor()
                .schedule(
                        () -> {
                            context.close();
                        },
                        DEADLINE_SECONDS,
                        TimeUnit.SECONDS);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        if (deadline != null) {
            deadline.cancel(false);
        }
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
        if (request.decoderResult().isFailure()) {
            refuse(context, statusOf(request.decoderResult().cause()), "");
            return;
        }
        if (!pathOf(request.uri()).equals(PATH)) {
            refuse(context, HttpResponseStatus.NOT_FOUND, HINT);
            return;
        }
        var headers = request.headers();
        boolean asksForWebSocket = request.method().equals(HttpMethod.GET)
                && request.protocolVersion().compareTo(HttpVersion.HTTP_1_1) >= 0
                && headers.containsValue(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE, true)
                && headers.containsValue(HttpHeaderNames.UPGRADE, HttpHeaderValues.WEBSOCKET, true);
        if (!asksForWebSocket || !"13".equals(headers.get(HttpHeaderNames.SEC_WEBSOCKET_VERSION))) {
            refuse(context, HttpResponseStatus.UPGRADE_REQUIRED, HINT);
            return;
        }
        var key = headers.get(HttpHeaderNames.SEC_WEBSOCKET_KEY);
        var subprotocol = choose(headers.getAll(HttpHeaderNames.SEC_WEBSOCKET_PROTOCOL));
        if (key == null || subprotocol == null) {
            refuse(context, HttpResponseStatus.BAD_REQUEST, HINT);
            return;
        }
        accept(context, key, subprotocol);
    }

    private static HttpResponseStatus statusOf(Throwable cause) {
        if (cause instanceof TooLongHttpLineException) {
            return HttpResponseStatus.REQUEST_URI_TOO_LONG;
        }
        return cause instanceof TooLongHttpHeaderException
                ? HttpResponseStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
                : HttpResponseStatus.BAD_REQUEST;
    }

    private static String pathOf(String uri) {
        int query = uri.indexOf('?');
        return query < 0 ? uri : uri.substring(0, query);
    }

    /** The standard's name wherever it is offered [MQTT-6.0.0-4], and else that of MQTT 3.1. */
    private static @Nullable String choose(List<String> offered) {
        String chosen = null;
        for (var header : offered) {
            for (var name : header.split(",")) {
                if (name.trim().equals(SUBPROTOCOL)) {
                    return SUBPROTOCOL;
                }
                if (name.trim().equals(SUBPROTOCOL_OF_MQTT_3_1)) {
                    chosen = SUBPROTOCOL_OF_MQTT_3_1;
                }
            }
        }
        return chosen;
    }

    private void accept(ChannelHandlerContext context, String key, String subprotocol) {
        var response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, HttpResponseStatus.SWITCHING_PROTOCOLS, Unpooled.EMPTY_BUFFER);
        response.headers()
                .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE)
                .set(HttpHeaderNames.UPGRADE, HttpHeaderValues.WEBSOCKET)
                .set(HttpHeaderNames.SEC_WEBSOCKET_ACCEPT, acceptOf(key))
                .set(HttpHeaderNames.SEC_WEBSOCKET_PROTOCOL, subprotocol);
        context.writeAndFlush(response);
        var pipeline = context.pipeline();
        pipeline.addLast(new WebSocketFrames());
        next.accept(context.channel());
        // last of all the codec: it gives what it has read beyond the request to those that follow
        pipeline.remove(this);
        pipeline.remove(HttpObjectAggregator.class);
        pipeline.remove(HttpServerCodec.class);
    }

    @SuppressWarnings("InsecureCryptoUsage") // the protocol says SHA-1; nothing is protected by it
    private static String acceptOf(String key) {
        try {
            var digest = MessageDigest.getInstance("SHA-1")
                    .digest((key + ACCEPT_GUID).getBytes(StandardCharsets.ISO_8859_1));
            return Base64.getEncoder().encodeToString(digest);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static void refuse(ChannelHandlerContext context, HttpResponseStatus status, String text) {
        var response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, status, Unpooled.copiedBuffer(text, StandardCharsets.UTF_8));
        response.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8")
                .set(HttpHeaderNames.CONTENT_LENGTH, response.content().readableBytes())
                .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        if (status.equals(HttpResponseStatus.UPGRADE_REQUIRED)) {
            response.headers()
                    .set(HttpHeaderNames.UPGRADE, HttpHeaderValues.WEBSOCKET)
                    .set(HttpHeaderNames.SEC_WEBSOCKET_VERSION, "13");
        }
        context.writeAndFlush(response).addListener(ChannelFutureListener.CLOSE);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        StartFault.close(context, cause);
    }
}
