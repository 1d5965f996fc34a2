/// Small files of ours on the host: replaced as a whole, set aside when they are damaged. Depends
/// on nothing of Monopod.
@NullMarked
package dev.monopod.host.file;

import org.jspecify.annotations.NullMarked;
