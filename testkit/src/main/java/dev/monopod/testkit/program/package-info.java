/// A runner of programs that fails as it is told.
@NullMarked
package dev.monopod.testkit.program;

import org.jspecify.annotations.NullMarked;
