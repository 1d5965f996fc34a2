/// Machines that are only remembered.
@NullMarked
package dev.monopod.testkit.machine;

import org.jspecify.annotations.NullMarked;
