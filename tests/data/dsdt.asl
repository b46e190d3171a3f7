/* SPDX-License-Identifier: GPL-2.0-only */
/* What the DSDT of kt-topo says; tests/cli/topo.bats compares both as compiled. */
DefinitionBlock ("", "DSDT", 2, "KT    ", "KTTOPO  ", 1)
{
    Name (\_S5, Package (4) { 0, 0, 0, 0 })
    Scope (\_SB)
    {
        Device (PCI0)
        {
            Name (_HID, EisaId ("PNP0A08"))
            Name (_CID, EisaId ("PNP0A03"))
            Name (_UID, 0)
            Name (_CRS, ResourceTemplate ()
            {
                WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode,
                    0, 0, 0xFF, 0, 0x100)
                IO (Decode16, 0x0CF8, 0x0CF8, 1, 8)
                WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange,
                    0, 0, 0x0CF7, 0, 0x0CF8)
                WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange,
                    0, 0x0D00, 0xFFFF, 0, 0xF300)
                DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable,
                    ReadWrite, 0, 0xC0000000, 0xFEBFFFFF, 0, 0x3EC00000)
            })
        }
        Device (COM1)
        {
            Name (_HID, EisaId ("PNP0501"))
            Name (_UID, 1)
            Name (_CRS, ResourceTemplate ()
            {
                IO (Decode16, 0x03F8, 0x03F8, 1, 8)
                IRQNoFlags () { 4 }
            })
        }
        Device (VIR0)
        {
            Name (_HID, "LNRO0005")
            Name (_UID, 0)
            OperationRegion (VREG, SystemIO, 0x060C, 4)
            Field (VREG, DWordAcc, NoLock, Preserve)
            {
                VMAG, 32
            }
            Method (_STA)
            {
                If (VMAG == 0x74726976)
                {
                    Return (0x0F)
                }
                Return (0)
            }
            Name (_CRS, ResourceTemplate ()
            {
                Memory32Fixed (ReadWrite, 0xD0000000, 0x0200)
                IRQNoFlags () { 5 }
            })
        }
    }
}
