package dev.monopod.host.guest;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.MethodDescriptor.PrototypeMarshaller;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;

/// Holds whatever a guest answers to [AnswerBounds] before anything is made of it, and its words
/// about a failed call to one short line. A call whose answer is beyond them fails.
final class BoundedAnswers implements ClientInterceptor {
    @Override
    public <I, O> ClientCall<I, O> interceptCall(
            MethodDescriptor<I, O> method, CallOptions options, Channel next) {
        var bounds = AnswerBounds.of(method);
        var bounded =
                method.toBuilder(
                                method.getRequestMarshaller(),
                                new Bounded<>(method.getResponseMarshaller(), bounds))
                        .build();
        return new SimpleForwardingClientCall<>(
                next.newCall(bounded, options.withMaxInboundMessageSize(bounds.bytes()))) {
            @Override
            public void start(Listener<O> listener, Metadata headers) {
                super.start(
                        new SimpleForwardingClientCallListener<>(listener) {
                            @Override
                            public void onClose(Status status, Metadata trailers) {
                                super.onClose(shortened(status), trailers);
                            }
                        },
                        headers);
            }
        };
    }

    /// What the parser threw tells more than the library, which only says that it could not read.
    private static Status shortened(Status given) {
        var status =
                given.getCause() instanceof StatusRuntimeException ours ? ours.getStatus() : given;
        var description = status.getDescription();
        return description == null
                ? status
                : status.withDescription(GuestWords.line(description, GuestWords.STATUS));
    }

    private record Bounded<T>(Marshaller<T> parser, AnswerBounds bounds) implements Marshaller<T> {
        @Override
        public InputStream stream(T value) {
            return parser.stream(value);
        }

        @Override
        public T parse(InputStream stream) {
            try {
                var bytes = stream.readNBytes(bounds.bytes() + 1);
                if (!(parser instanceof PrototypeMarshaller<T> typed)
                        || !(typed.getMessagePrototype() instanceof Message prototype)) {
                    throw new IllegalStateException("an answer of no known type");
                }
                bounds.check(bytes, prototype.getDescriptorForType());
                return parser.parse(new ByteArrayInputStream(bytes));
            } catch (InvalidProtocolBufferException e) {
                throw Status.RESOURCE_EXHAUSTED
                        .withDescription(e.getMessage())
                        .withCause(e)
                        .asRuntimeException();
            } catch (IOException e) {
                throw Status.INTERNAL.withCause(e).asRuntimeException();
            }
        }
    }
}
