/// The one way to run programs of the host: limits that hold, whole process groups, bounded output,
/// outcomes as data. Depends on `dev.monopod.host.kernel` alone.
@NullMarked
package dev.monopod.host.program;

import org.jspecify.annotations.NullMarked;
