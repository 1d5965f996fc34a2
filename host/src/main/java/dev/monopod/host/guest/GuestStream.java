package dev.monopod.host.guest;

import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.StreamObserver;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A call with streams in both directions, as blocking code sees it: [#send] waits while the guest
/// is slow, and the guest may send one more message each time one was taken. Any number of threads
/// may send, one may take.
public final class GuestStream<I, O> implements AutoCloseable {
    private final Observer observer = new Observer();
    private final BlockingQueue<Item<O>> items = new LinkedBlockingQueue<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition writable = lock.newCondition();
    private boolean over;

    private record Item<O>(Optional<O> message, Status status) {}

    private GuestStream() {}

    /// @param method of a stub, for example `stub::exec`
    public static <I, O> GuestStream<I, O> open(
            Function<StreamObserver<O>, StreamObserver<I>> method) {
        var stream = new GuestStream<I, O>();
        java.util.Objects.requireNonNull(method.apply(stream.observer));
        return stream;
    }

    /// Sends once the guest can take it; false when the call is over.
    public boolean send(I message) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            var requests = observer.requests();
            while (!over && !requests.isReady()) {
                writable.await();
            }
            if (over) {
                return false;
            }
            requests.onNext(message);
            return true;
        } finally {
            lock.unlock();
        }
    }

    /// The guest's next message; empty at the orderly end.
    ///
    /// @throws io.grpc.StatusRuntimeException when the call failed
    public Optional<O> next() throws InterruptedException {
        var item = items.take();
        if (item.message().isPresent()) {
            observer.requests().request(1);
            return item.message();
        }
        if (!item.status().isOk()) {
            throw item.status().asRuntimeException();
        }
        return Optional.empty();
    }

    @Override
    public void close() {
        lock.lock();
        try {
            if (!over) {
                over = true;
                observer.requests().cancel("no longer wanted", null);
            }
            writable.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void ended(Status status) {
        lock.lock();
        try {
            over = true;
            writable.signalAll();
        } finally {
            lock.unlock();
        }
        items.add(new Item<>(Optional.empty(), status));
    }

    private final class Observer implements ClientResponseObserver<I, O> {
        private @Nullable ClientCallStreamObserver<I> requestStream;

        ClientCallStreamObserver<I> requests() {
            var stream = requestStream;
            if (stream == null) {
                throw new IllegalStateException("the call was not begun");
            }
            return stream;
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<I> stream) {
            requestStream = stream;
            stream.disableAutoRequestWithInitial(1);
            stream.setOnReadyHandler(() -> {
                lock.lock();
                try {
                    writable.signalAll();
                } finally {
                    lock.unlock();
                }
            });
        }

        @Override
        public void onNext(O value) {
            items.add(new Item<>(Optional.of(value), Status.OK));
        }

        @Override
        public void onError(Throwable t) {
            ended(Status.fromThrowable(t));
        }

        @Override
        public void onCompleted() {
            ended(Status.OK);
        }
    }
}
