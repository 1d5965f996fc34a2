package dev.monopod.agent.pod.scope;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor.JavaType;
import com.google.protobuf.Message;

/// Holds every counter of a message, and of those within it, to what counters have: one of 64 bits
/// without a sign is negative in Java from 2^63 on, its readers take no negative number, and sums
/// of such would be anything.
final class BelievedNumbers {
    /// Sums of a few still fit; as nanoseconds, 36 years.
    static final long HIGHEST = 1L << 60;

    private BelievedNumbers() {}

    /// Changes the message that is built.
    static <B extends Message.Builder> B hold(B told) {
        for (var entry : told.getAllFields().entrySet()) {
            var field = entry.getKey();
            if (field.getJavaType() == JavaType.MESSAGE) {
                within(told, field);
            } else if (entry.getValue() instanceof Long number
                    && field.getType() == FieldDescriptor.Type.UINT64) {
                told.setField(field, number < 0 ? HIGHEST : Math.min(number, HIGHEST));
            } else if (entry.getValue() instanceof Integer number
                    && field.getType() == FieldDescriptor.Type.UINT32) {
                told.setField(field, number < 0 ? Integer.MAX_VALUE : number);
            }
        }
        return told;
    }

    private static void within(Message.Builder told, FieldDescriptor field) {
        if (!field.isRepeated()) {
            told.setField(field, held(told.getField(field)));
            return;
        }
        for (var i = 0; i < told.getRepeatedFieldCount(field); i++) {
            told.setRepeatedField(field, i, held(told.getRepeatedField(field, i)));
        }
    }

    private static Message held(Object part) {
        return hold(((Message) part).toBuilder()).build();
    }
}
