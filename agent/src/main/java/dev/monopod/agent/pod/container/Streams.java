package dev.monopod.agent.pod.container;

import com.google.protobuf.ByteString;
import dev.monopod.agent.kubelet.KubeletPods.Refusal;
import dev.monopod.agent.kubelet.KubeletPods.RefusedException;
import dev.monopod.agent.kubelet.KubeletPods.StreamSession;
import dev.monopod.host.guest.GuestChannel;
import dev.monopod.host.guest.GuestStream;
import dev.monopod.host.guest.GuestWords;
import dev.monopod.protocol.guest.AttachStart;
import dev.monopod.protocol.guest.CloseStdin;
import dev.monopod.protocol.guest.ExecStart;
import dev.monopod.protocol.guest.PortForwardInput;
import dev.monopod.protocol.guest.PortForwardOutput;
import dev.monopod.protocol.guest.StreamInput;
import dev.monopod.protocol.guest.StreamOutput;
import dev.monopod.protocol.guest.TerminalSize;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Optional;

/// Joins a client's streams to a guest's. Each direction has a thread of its own and waits for the
/// slower side; no chunk is larger than 64 KiB.
public final class Streams {
    private static final int CHUNK_BYTES = 64 << 10;

    private Streams() {}

    public static int exec(
            GuestChannel guest, String containerId, List<String> command, StreamSession session)
            throws IOException {
        var start =
                StreamInput.newBuilder()
                        .setExec(
                                ExecStart.newBuilder()
                                        .setContainerId(containerId)
                                        .addAllArgs(command)
                                        .setTty(session.tty())
                                        .setStdin(session.stdin().isPresent()))
                        .build();
        try (var call = GuestStream.open(guest.streams()::exec)) {
            return join(call, start, session);
        }
    }

    public static int attach(GuestChannel guest, String containerId, StreamSession session)
            throws IOException {
        var start =
                StreamInput.newBuilder()
                        .setAttach(
                                AttachStart.newBuilder()
                                        .setContainerId(containerId)
                                        .setStdin(session.stdin().isPresent()))
                        .build();
        try (var call = GuestStream.open(guest.streams()::attach)) {
            return join(call, start, session);
        }
    }

    private static int join(
            GuestStream<StreamInput, StreamOutput> call, StreamInput start, StreamSession session)
            throws IOException {
        var stdin = Thread.ofVirtual().unstarted(() -> pumpStdin(call, session));
        var sizes = Thread.ofVirtual().unstarted(() -> pumpSizes(call, session));
        try {
            call.send(start);
            stdin.start();
            sizes.start();
            for (var output = call.next(); output.isPresent(); output = call.next()) {
                var message = output.get();
                switch (message.getOutputCase()) {
                    case STDOUT -> write(session.stdout(), message.getStdout());
                    case STDERR -> write(session.stderr(), message.getStderr());
                    case EXIT -> {
                        if (!message.getExit().getError().isEmpty()) {
                            throw failed(message.getExit().getError());
                        }
                        return message.getExit().getExitCode();
                    }
                    case STARTED, OUTPUT_NOT_SET -> {}
                }
            }
            throw new RefusedException(new Refusal.Failed("the guest ended the stream"));
        } catch (StatusRuntimeException e) {
            throw failure(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        } finally {
            stdin.interrupt();
            sizes.interrupt();
        }
    }

    private static void write(Optional<OutputStream> sink, ByteString data) throws IOException {
        if (sink.isPresent()) {
            data.writeTo(sink.get());
            sink.get().flush();
        }
    }

    private static void pumpStdin(
            GuestStream<StreamInput, StreamOutput> call, StreamSession session) {
        if (session.stdin().isEmpty()) {
            return;
        }
        try {
            var in = session.stdin().get();
            var chunk = new byte[CHUNK_BYTES];
            for (var count = in.read(chunk); count >= 0; count = in.read(chunk)) {
                var data =
                        StreamInput.newBuilder()
                                .setStdin(ByteString.copyFrom(chunk, 0, count))
                                .build();
                if (count > 0 && !call.send(data)) {
                    return;
                }
            }
            call.send(
                    StreamInput.newBuilder()
                            .setCloseStdin(CloseStdin.getDefaultInstance())
                            .build());
        } catch (IOException e) {
            // The client is gone; the end of the session closes the call.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void pumpSizes(
            GuestStream<StreamInput, StreamOutput> call, StreamSession session) {
        try {
            for (var size = session.sizes().next();
                    size.isPresent();
                    size = session.sizes().next()) {
                var resize =
                        StreamInput.newBuilder()
                                .setResize(
                                        TerminalSize.newBuilder()
                                                .setColumns(size.get().columns())
                                                .setRows(size.get().rows()))
                                .build();
                if (!call.send(resize)) {
                    return;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    public static void portForward(
            GuestChannel guest, int port, InputStream input, OutputStream output)
            throws IOException {
        try (var call = GuestStream.open(guest.streams()::portForward)) {
            var pump = Thread.ofVirtual().unstarted(() -> pumpPort(call, input));
            try {
                call.send(PortForwardInput.newBuilder().setPort(port).build());
                for (var next = call.next(); next.isPresent(); next = call.next()) {
                    var message = next.get();
                    switch (message.getOutputCase()) {
                        case CONNECTED -> {
                            if (pump.getState() == Thread.State.NEW) {
                                pump.start();
                            }
                        }
                        case DATA -> {
                            message.getData().writeTo(output);
                            output.flush();
                        }
                        case ERROR -> throw failed(message.getError());
                        case OUTPUT_NOT_SET -> {}
                    }
                }
            } finally {
                pump.interrupt();
            }
        } catch (StatusRuntimeException e) {
            throw failure(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        }
    }

    private static void pumpPort(
            GuestStream<PortForwardInput, PortForwardOutput> call, InputStream input) {
        try {
            var chunk = new byte[CHUNK_BYTES];
            for (var count = input.read(chunk); count >= 0; count = input.read(chunk)) {
                var data =
                        PortForwardInput.newBuilder()
                                .setData(ByteString.copyFrom(chunk, 0, count))
                                .build();
                if (count > 0 && !call.send(data)) {
                    return;
                }
            }
            call.send(PortForwardInput.newBuilder().setCloseWrite(true).build());
        } catch (IOException e) {
            call.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static RefusedException failed(String why) {
        return new RefusedException(new Refusal.Failed(GuestWords.line(why, GuestWords.STATUS)));
    }

    private static RefusedException failure(StatusRuntimeException e) {
        var description = e.getStatus().getDescription();
        var message = description == null ? e.getStatus().toString() : description;
        return switch (e.getStatus().getCode()) {
            case NOT_FOUND -> new RefusedException(new Refusal.NotFound(message));
            case INVALID_ARGUMENT, FAILED_PRECONDITION ->
                    new RefusedException(new Refusal.Invalid(message));
            default -> new RefusedException(new Refusal.Failed(message));
        };
    }
}
