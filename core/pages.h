/* Hides how mapped pages that only the start needed are given back. Must not know what started.
 *
 * The kernel keeps a page of a library mapped once it was touched, and libcurl's libraries touch
 * some megabytes of theirs in constructors and tables that nothing uses again. */
#ifndef SW_PAGES_H
#define SW_PAGES_H

/* Unmaps the pages of the program's and its libraries' read-only segments, and returns free memory of
 * the heap. What is used again is mapped again from the page cache, a fault of about a microsecond for
 * 64 KiB: to be called once, after the start and before anything is measured. It changes what is
 * counted as resident, not what is in the page cache. Any thread, others may run. */
void sw_pages_give_back(void);

#endif
