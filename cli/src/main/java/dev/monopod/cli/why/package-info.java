/// Which rule holds a pod back.
@NullMarked
package dev.monopod.cli.why;

import org.jspecify.annotations.NullMarked;
