/// Which rule lets a connection through or drops it.
@NullMarked
package dev.monopod.cli.net;

import org.jspecify.annotations.NullMarked;
