package dev.monopod.host.guest;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.WireFormat;
import dev.monopod.protocol.guest.GuestGrpc;
import io.grpc.MethodDescriptor;
import java.io.IOException;

/// How large an answer may be, and of how many parts. Size alone does not bound what is made of an
/// answer: two bytes are enough for a message within a message, and that is an object of a hundred.
/// So the parts are counted in the bytes as they came, in one pass that makes no objects.
///
/// @param bytes of one message, without compression, which is not taken
/// @param fields of it and of all messages within it, known and unknown, each element of a list for
///   itself
record AnswerBounds(int bytes, int fields) {
    /// Messages within messages; the schema needs five.
    private static final int DEPTH = 16;

    /// A chunk of 64 KiB, and what says where it belongs.
    private static final AnswerBounds USUAL = new AnswerBounds((64 << 10) + 1024, 2048);

    /// What grows with the number of containers: each has about a hundred counters, or a
    /// termination message of 4 KiB.
    private static final AnswerBounds OF_ALL_CONTAINERS = new AnswerBounds(256 << 10, 16_384);

    static AnswerBounds of(MethodDescriptor<?, ?> method) {
        var name = method.getFullMethodName();
        return name.equals(GuestGrpc.getStatisticsMethod().getFullMethodName())
                        || name.equals(GuestGrpc.getListContainersMethod().getFullMethodName())
                ? OF_ALL_CONTAINERS
                : USUAL;
    }

    /// @throws InvalidProtocolBufferException when it is no message of this type, or beyond a bound
    void check(byte[] message, Descriptor type) throws IOException {
        if (message.length > bytes) {
            throw new InvalidProtocolBufferException(
                    "%s has %d bytes, and may have %d"
                            .formatted(type.getName(), message.length, bytes));
        }
        new Count(type).message(CodedInputStream.newInstance(message), type, 0);
    }

    private final class Count {
        private final Descriptor whole;
        private int seen;

        Count(Descriptor whole) {
            this.whole = whole;
        }

        void message(CodedInputStream in, Descriptor type, int depth) throws IOException {
            if (depth > DEPTH) {
                throw new InvalidProtocolBufferException(
                        "%s is more than %d messages deep".formatted(whole.getName(), DEPTH));
            }
            for (var tag = in.readTag(); tag != 0; tag = in.readTag()) {
                add(1);
                if (WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_START_GROUP) {
                    throw new InvalidProtocolBufferException(
                            "%s holds a group".formatted(whole.getName()));
                }
                var field = type.findFieldByNumber(WireFormat.getTagFieldNumber(tag));
                if (WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED
                        && field != null) {
                    delimited(in, field, depth);
                } else {
                    in.skipField(tag);
                }
            }
        }

        private void delimited(CodedInputStream in, FieldDescriptor field, int depth)
                throws IOException {
            var length = in.readRawVarint32();
            if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
                var outer = in.pushLimit(length);
                message(in, field.getMessageType(), depth + 1);
                in.popLimit(outer);
            } else {
                // A list of numbers in one piece has at most as many as bytes.
                add(field.isPackable() ? length : 0);
                in.skipRawBytes(length);
            }
        }

        private void add(int more) throws InvalidProtocolBufferException {
            seen += more;
            if (seen > fields || more < 0) {
                throw new InvalidProtocolBufferException(
                        "%s has more than %d fields".formatted(whole.getName(), fields));
            }
        }
    }
}
