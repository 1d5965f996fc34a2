package dev.monopod.kube.patching;

import com.cronutils.model.CronType;
import com.cronutils.model.definition.CronDefinitionBuilder;
import com.cronutils.model.time.ExecutionTime;
import com.cronutils.parser.CronParser;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Optional;

/// Five fields of cron, in UTC, as a CronJob has them: minute, hour, day of month, month, day of
/// week.
public final class CronSchedule {
    private final ExecutionTime times;

    private CronSchedule(ExecutionTime times) {
        this.times = times;
    }

    /// @throws IllegalArgumentException if it is none; the message has no name of the field
    public static CronSchedule parse(String text) {
        var parser = new CronParser(CronDefinitionBuilder.instanceDefinitionFor(CronType.UNIX));
        return new CronSchedule(ExecutionTime.forCron(parser.parse(text).validate()));
    }

    /// The first time after that one; empty if there is none, such as 30 February.
    public Optional<Instant> after(Instant last) {
        return times.nextExecution(last.atZone(ZoneOffset.UTC)).map(time -> time.toInstant());
    }
}
