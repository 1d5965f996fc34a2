package dev.monopod.agent.loadbalancing;

import io.grpc.CallOptions;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.HandlerRegistry;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.ServerCalls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A program that runs within a network namespace.
///
/// - `serve PORT ADDRESS...` serves them all; that with the number N as its last answers each
///   method's call with `serverN SERVICE/METHOD VARIANT`, the last the value of header `variant`.
/// - `call PLAIN|TLS ADDRESS PORT AUTHORITY SERVICE/METHOD VARIANT`, again and again, prints a line
///   for each: [#MARK] and the answer, or the code of its status.
public final class GrpcProbe {
    private static final Metadata.Key<String> VARIANT =
            Metadata.Key.of("variant", Metadata.ASCII_STRING_MARSHALLER);
    private static final Context.Key<String> ASKED = Context.key("variant");

    /// Tells answers from what is logged.
    static final String MARK = "answer: ";

    private static final int WORDS = 7;
    private static final int LIMIT_SECONDS = 20;

    private GrpcProbe() {}

    public static void main(String[] arguments) throws Exception {
        var words = List.of(arguments);
        if (words.getFirst().equals("serve")) {
            for (var address : words.subList(3, words.size())) {
                serve(address, Integer.parseInt(words.get(1)));
            }
            serve(words.get(2), Integer.parseInt(words.get(1))).awaitTermination();
            return;
        }
        for (var first = 0; first + WORDS <= words.size(); first += WORDS) {
            System.out.println(MARK + call(words.subList(first + 1, first + WORDS)));
        }
    }

    private static MethodDescriptor<String, String> method(String name) {
        return MethodDescriptor.<String, String>newBuilder()
                .setType(MethodType.UNARY)
                .setFullMethodName(name)
                .setRequestMarshaller(new Text())
                .setResponseMarshaller(new Text())
                .build();
    }

    private static Server serve(String address, int port) throws IOException {
        var name = "server" + address.substring(address.lastIndexOf('.') + 1);
        return NettyServerBuilder.forAddress(new InetSocketAddress(address, port))
                .fallbackHandlerRegistry(new Everything(name))
                .build()
                .start();
    }

    private static String call(List<String> words) {
        var builder = NettyChannelBuilder.forAddress(words.get(1), Integer.parseInt(words.get(2)));
        var channel = encrypted(words.getFirst(), builder).overrideAuthority(words.get(3)).build();
        try {
            var headers = new Metadata();
            headers.put(VARIANT, words.get(5));
            return ClientCalls.blockingUnaryCall(
                    io.grpc.ClientInterceptors.intercept(
                            channel, MetadataUtils.newAttachHeadersInterceptor(headers)),
                    method(words.get(4)),
                    CallOptions.DEFAULT.withDeadlineAfter(LIMIT_SECONDS, TimeUnit.SECONDS),
                    "");
        } catch (StatusRuntimeException e) {
            return e.getStatus().getCode().toString();
        } finally {
            end(channel);
        }
    }

    private static NettyChannelBuilder encrypted(String mode, NettyChannelBuilder builder) {
        if (mode.equals("PLAIN")) {
            return builder.usePlaintext();
        }
        try {
            return builder.sslContext(
                    GrpcSslContexts.forClient()
                            .trustManager(InsecureTrustManagerFactory.INSTANCE)
                            .build());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void end(ManagedChannel channel) {
        channel.shutdownNow();
    }

    private static final class Everything extends HandlerRegistry {
        private final String name;

        private Everything(String name) {
            this.name = name;
        }

        @Override
        public ServerMethodDefinition<?, ?> lookupMethod(String asked, @Nullable String authority) {
            var service =
                    ServerServiceDefinition.builder(MethodDescriptor.extractFullServiceName(asked))
                            .addMethod(
                                    method(asked),
                                    ServerCalls.asyncUnaryCall(
                                            (String _, io.grpc.stub.StreamObserver<String> out) -> {
                                                out.onNext(name + " " + asked + " " + ASKED.get());
                                                out.onCompleted();
                                            }))
                            .build();
            return ServerInterceptors.intercept(service, new Variant()).getMethod(asked);
        }
    }

    private static final class Variant implements ServerInterceptor {
        @Override
        public <Q, A> ServerCall.Listener<Q> interceptCall(
                ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
            return Contexts.interceptCall(
                    Context.current().withValue(ASKED, String.valueOf(headers.get(VARIANT))),
                    call,
                    headers,
                    next);
        }
    }

    private static final class Text implements MethodDescriptor.Marshaller<String> {
        @Override
        public InputStream stream(String value) {
            return new ByteArrayInputStream(value.getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public String parse(InputStream stream) {
            try {
                return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
