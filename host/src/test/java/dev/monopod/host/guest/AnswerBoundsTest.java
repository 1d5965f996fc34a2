package dev.monopod.host.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.UnknownFieldSet;
import com.sun.management.ThreadMXBean;
import dev.monopod.protocol.guest.ContainerState;
import dev.monopod.protocol.guest.ContainerStatistics;
import dev.monopod.protocol.guest.ContainerUser;
import dev.monopod.protocol.guest.DeviceUsage;
import dev.monopod.protocol.guest.GuestGrpc;
import dev.monopod.protocol.guest.ListContainersResponse;
import dev.monopod.protocol.guest.LogChunk;
import dev.monopod.protocol.guest.Pressure;
import dev.monopod.protocol.guest.Stall;
import dev.monopod.protocol.guest.StatisticsResponse;
import dev.monopod.protocol.guest.Usage;
import dev.monopod.protocol.guest.VolumeStatistics;
import io.grpc.MethodDescriptor;
import java.lang.management.ManagementFactory;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AnswerBoundsTest {
    private static void check(MethodDescriptor<?, ? extends Message> method, byte[] bytes)
            throws Exception {
        var marshaller = (MethodDescriptor.PrototypeMarshaller<?>) method.getResponseMarshaller();
        var prototype = (Message) marshaller.getMessagePrototype();
        AnswerBounds.of(method).check(bytes, prototype.getDescriptorForType());
    }

    private static void checkWatch(Message message) throws Exception {
        check(GuestGrpc.getWatchContainersMethod(), message.toByteArray());
    }

    @Test
    void aWholeChunkOfALogIsWithinTheBounds() throws Exception {
        var chunk =
                LogChunk.newBuilder()
                        .setOffset(Long.MAX_VALUE)
                        .setData(ByteString.copyFrom(new byte[64 << 10]))
                        .build();

        check(GuestGrpc.getReadLogMethod(), chunk.toByteArray());
    }

    @Test
    void thirtyContainersWithTheirLastWordsTwiceAreWithinTheBounds() throws Exception {
        var all = ListContainersResponse.newBuilder();
        for (var i = 0; i < 60; i++) {
            all.addContainers(
                    ContainerState.newBuilder()
                            .setContainerId("0".repeat(64))
                            .setName("a".repeat(63))
                            .setTerminationMessage(ByteString.copyFrom(new byte[4096])));
        }

        check(GuestGrpc.getListContainersMethod(), all.build().toByteArray());
    }

    @Test
    void statisticsOfThirtyContainersAreWithinTheBounds() throws Exception {
        var usage = Usage.newBuilder();
        for (var field : Usage.getDescriptor().getFields()) {
            switch (field.getJavaType()) {
                case LONG -> usage.setField(field, Long.MAX_VALUE);
                case MESSAGE -> {}
                default -> throw new AssertionError(field);
            }
        }
        for (var i = 0; i < 8; i++) {
            usage.addDevices(
                    DeviceUsage.newBuilder()
                            .setDevice("/dev/vda")
                            .setReadBytes(1)
                            .setWrittenBytes(1)
                            .setReads(1)
                            .setWrites(1));
        }
        var stall =
                Stall.newBuilder()
                        .setPercent10S(1)
                        .setPercent60S(1)
                        .setPercent300S(1)
                        .setTotalNanos(1);
        var pressure = Pressure.newBuilder().setSome(stall).setFull(stall);
        usage.setCpuPressure(pressure).setMemoryPressure(pressure).setIoPressure(pressure);
        var all = StatisticsResponse.newBuilder().setMachine(usage).setPod(usage);
        for (var i = 0; i < 30; i++) {
            all.addContainers(
                    ContainerStatistics.newBuilder()
                            .setContainerId("0".repeat(64))
                            .setName("a".repeat(63))
                            .setUsage(usage));
            all.addVolumes(VolumeStatistics.newBuilder().setName("a".repeat(63)));
        }

        check(GuestGrpc.getStatisticsMethod(), all.build().toByteArray());
    }

    @Test
    void anAnswerLongerThan65KibibytesIsRefused() {
        var state =
                ContainerState.newBuilder()
                        .setTerminationMessage(ByteString.copyFrom(new byte[66 << 10]))
                        .build();

        assertThatThrownBy(() -> checkWatch(state))
                .hasMessage("ContainerState has 67588 bytes, and may have 66560");
    }

    @Test
    void fieldsThatNobodyKnowsCount() {
        var unknown = UnknownFieldSet.newBuilder();
        for (var i = 0; i < 3000; i++) {
            unknown.mergeVarintField(1000 + i, 1);
        }
        var state = ContainerState.newBuilder().setUnknownFields(unknown.build()).build();

        assertThatThrownBy(() -> checkWatch(state))
                .hasMessage("ContainerState has more than 2048 fields");
    }

    @Test
    void eachNumberOfAListCounts() {
        var user = ContainerUser.newBuilder();
        for (var i = 0; i < 3000; i++) {
            user.addGroups(1);
        }

        assertThatThrownBy(() -> checkWatch(ContainerState.newBuilder().setUser(user).build()))
                .hasMessage("ContainerState has more than 2048 fields");
    }

    @Test
    void groupsAreRefused() {
        var group = UnknownFieldSet.newBuilder();
        for (var i = 0; i < 90; i++) {
            group =
                    UnknownFieldSet.newBuilder()
                            .addField(
                                    999,
                                    UnknownFieldSet.Field.newBuilder()
                                            .addGroup(group.build())
                                            .build());
        }
        var state = ContainerState.newBuilder().setUnknownFields(group.build()).build();

        assertThatThrownBy(() -> checkWatch(state)).hasMessage("ContainerState holds a group");
    }

    @Test
    void refusingMakesNoObjectsOfTheParts() {
        var bytes = new byte[256 << 10];
        for (var i = 0; i < bytes.length; i += 2) {
            // Field 6, containers, of length 0.
            bytes[i] = 0x32;
        }
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        var before = threads.getCurrentThreadAllocatedBytes();

        assertThatThrownBy(() -> check(GuestGrpc.getStatisticsMethod(), bytes))
                .isInstanceOf(InvalidProtocolBufferException.class);

        // Parsed, these are 131 072 messages of more than 100 bytes.
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(2 << 20);
    }

    /// Whatever the bytes are, they are refused as the wire format's errors are, or parsed.
    @Test
    void noiseIsRefusedOrParsed() throws Exception {
        var random = new Random(4711);
        var whole =
                ListContainersResponse.newBuilder()
                        .addContainers(
                                ContainerState.newBuilder()
                                        .setContainerId("0".repeat(64))
                                        .setName("app")
                                        .setUser(ContainerUser.newBuilder().addGroups(7)))
                        .build()
                        .toByteArray();
        var parsed = 0;
        for (var i = 0; i < 20_000; i++) {
            var bytes = whole.clone();
            for (var change = random.nextInt(4); change >= 0; change--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
            }
            try {
                check(GuestGrpc.getListContainersMethod(), bytes);
                ListContainersResponse.parseFrom(bytes);
                parsed++;
            } catch (InvalidProtocolBufferException refused) {
                assertThat(refused).hasMessageNotContaining("null");
            }
        }
        assertThat(parsed).isBetween(100, 19_900);
    }
}
