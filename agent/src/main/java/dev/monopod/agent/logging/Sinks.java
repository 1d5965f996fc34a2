package dev.monopod.agent.logging;

import dev.monopod.logging.output.CloudWatchOutput;
import dev.monopod.logging.output.HttpOutput;
import dev.monopod.logging.output.Output;
import dev.monopod.logging.output.SearchOutput;
import dev.monopod.logging.output.StreamOutput;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.function.Function;

/// The sinks of this host: pods with the same output share one. Thread-safe.
final class Sinks {
    /// So many batches to one sink are in memory at a time; others wait for their turn, in the
    /// order in which they came, and hold nothing.
    private static final int BATCHES = 4;

    private final Function<Output, Sink> maker;
    private final Map<Output, Shared> shared = new HashMap<>();

    /// @param turns fair
    record Shared(Sink sink, Semaphore turns, int users) {}

    Sinks(Function<Output, Sink> maker) {
        this.maker = maker;
    }

    static Sinks real() {
        return new Sinks(output ->
                switch (output) {
                    case SearchOutput search -> new SearchSink(search);
                    case HttpOutput http -> new HttpSink(http);
                    case CloudWatchOutput watch -> new CloudWatchSink(watch);
                    case StreamOutput stream ->
                            new StreamSink(
                                    stream,
                                    switch (stream.service()) {
                                        case FIREHOSE -> new FirehoseCall(stream);
                                        case KINESIS -> new KinesisCall(stream);
                                    });
                });
    }

    synchronized Shared take(Output output) {
        var known = shared.get(output);
        var taken =
                known == null
                        ? new Shared(maker.apply(output), new Semaphore(BATCHES, true), 1)
                        : new Shared(known.sink, known.turns, known.users + 1);
        shared.put(output, taken);
        return taken;
    }

    synchronized void giveBack(Output output) {
        var known = shared.get(output);
        if (known != null && known.users > 1) {
            shared.put(output, new Shared(known.sink, known.turns, known.users - 1));
        } else if (known != null) {
            shared.remove(output);
            known.sink.close();
        }
    }
}
