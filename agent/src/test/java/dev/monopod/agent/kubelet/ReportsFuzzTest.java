package dev.monopod.agent.kubelet;

import static org.assertj.core.api.Assertions.assertThatCode;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.monopod.protocol.guest.StatisticsResponse;
import org.junit.jupiter.api.Test;

/// What fuzzers found in reports about guests, and what they begin with.
class ReportsFuzzTest {
    @Test
    void reportsWhatAGuestMightTell() {
        assertThatCode(() -> ReportsFuzz.fuzzerTestOneInput(ReportsFuzz.seed()))
                .doesNotThrowAnyException();
    }

    /// A number of 64 bits without a sign, which for Java is -1, and for the reader of a summary no
    /// number at all.
    @Test
    void reportsTheHighestNumbersAsNumbers() throws InvalidProtocolBufferException {
        var told = StatisticsResponse.parseFrom(ReportsFuzz.seed()).toBuilder();
        raise(told);
        var highest = told.build().toByteArray();

        assertThatCode(() -> ReportsFuzz.fuzzerTestOneInput(highest)).doesNotThrowAnyException();
    }

    private static void raise(Message.Builder told) {
        for (var field : told.getDescriptorForType().getFields()) {
            if (field.getType() == FieldDescriptor.Type.UINT64) {
                told.setField(field, -1L);
            } else if (field.getType() == FieldDescriptor.Type.UINT32) {
                told.setField(field, -1);
            } else if (field.getJavaType() != FieldDescriptor.JavaType.MESSAGE) {
                continue;
            } else if (field.isRepeated()) {
                for (var i = 0; i < told.getRepeatedFieldCount(field); i++) {
                    var part = ((Message) told.getRepeatedField(field, i)).toBuilder();
                    raise(part);
                    told.setRepeatedField(field, i, part.build());
                }
            } else if (told.hasField(field)) {
                var part = ((Message) told.getField(field)).toBuilder();
                raise(part);
                told.setField(field, part.build());
            }
        }
    }
}
