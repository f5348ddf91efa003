using System.Globalization;

namespace ViSurf.Core.Models.Tokens;

/// <summary>Characters that play no part in the reference's normalisation.</summary>
/// <remarks>
/// The reference normalises with tables of Unicode 9.0, in which some two hundred combining marks and letters of today are not assigned
/// yet. Normalisation is stable, so where only characters of 9.0 stand, newer tables (ICU's) give the same; a newer character passes
/// unchanged, and nothing composes across it. Below are the stretches that hold a code point not assigned in 9.0 and only such characters
/// beside it as no normalisation form touches. They were derived from Perl's property <c>Present_In: 9.0</c>.
/// </remarks>
internal static class Unassigned
{
    private const string Stretches = """
        375-379 37F-383 38B 38D 3A2-3A4 4FA-586 588-590 5C8-5CF 5EB-5F1 5F3-60F 61B-621 6EE-710 74B-7EA 7F4-815 82E-858 85C-8D3
        960-9A0 9A3-9AE 9B0-9BB 9BF-9C6 9C8-9CA 9CE-9D6 9D8-9DB 9DE 9E0-A15 A1D-A2A A2C-A31 A34-A35 A37 A39-A3B A3D-A4C A4E-A58
        A5C-A5D A5F-ABB ABD-ACC ACE-B20 B23-B3B B3F-B46 B49-B4A B4E-B55 B58-B5B B5E-B91 B95-BBD BBF-BC5 BC8-BC9 BCE-BD6 BD8-C45
        C49-C4C C4E-C54 C57-CBB CC3-CC5 CC9 CCE-CD4 CD7-D3D D3F-D45 D48-D49 D4E-D56 D58-DC9 DCB-DCE DD0-DD8 DE0-E32 E3B-E47
        E4C-EB2 EBA-EC7 ECC-EDB EDE-F0B F44-F4B F6A-F70 F94-F9B FBA-FC5 FC7-1024 108E-10FB 11C3-135C 1360-1713 1715-1733
        1735-17D1 17DE-18A8 18AA-1938 193C-1A16 1A19-1A5F 1A7D-1A7E 1A80-1AAF 1ABE-1B04 1B45-1B6A 1B74-1BA9 1BF4-1C36 1C38-1CCF
        1CF5-1CF7 1CFA-1D2B 1DF6-1DFA 1F16-1F17 1F1E-1F1F 1F46-1F47 1F4E-1F4F 1F58 1F5A 1F5C 1F5E 1F7E-1F7F 1FB5 1FC5 1FD4-1FD5
        1FDC 1FF0-1FF1 1FF5 1FFF 2060-206F 2072-2073 208F 209D-20A7 20A9-20CF 20F1-20FF 218A-218F 232B-245F 2ADE-2C7B 2CF2-2D6E
        2D70-2D7E 2D80-2DDF 2E00-2E9E 2EF4-2EFF 2FD6-2FFF 303B-3045 3095-3098 3100-3130 318F-3191 31A0-31FF 321F 32FF 4D57-4E0C
        9F9D-A66E A6F2-A76F A771-A7F7 A807-A8C3 A8C5-A8DF A8F2-A92A A954-A9B2 A9C1-AAAF AAC2-AAF5 AAF7-AB5B AB60-ABEC ABEE-ABFF
        D7A4-D7FF FA6E-FA6F FADA-FAFF FB07-FB12 FB18-FB1C FB37 FB3D FB3F FB42 FB45 FBB2-FBD2 FD3E-FD4F FD90-FD91 FDC8-FDEF
        FDFD-FE0F FE1A-FE1F FE53 FE67 FE6C-FE6F FE75 FEFD-FF00 FFBF-FFC1 FFC8-FFC9 FFD0-FFD1 FFD8-FFD9 FFDD-FFDF FFE7 FFEF-101FC
        101FE-102DF 102E1-10375 1037B-10A0C 10A10-10A37 10A3B-10A3E 10A40-10AE4 10AE7-11045 11047-1107E 110BB-110FF 11135-11172
        11174-111BF 111CB-11234 11237-112E8 112EB-1133B 1133F-11346 11348-1134A 1134E-11356 11358-11365 1136D-1136F 11375-11441
        11447-114AF 114C4-115AE 115B0-115B7 115C1-1163E 11640-116B5 116B8-1172A 1172C-11C3E 11C40-16AEF 16AF5-16B2F 16B37-1BC9D
        1BC9F-1D156 1D1C1-1D241 1D245-1D3FF 1D455 1D49D 1D4A0-1D4A1 1D4A3-1D4A4 1D4A7-1D4A8 1D4AD 1D4BA 1D4BC 1D4C4 1D506
        1D50B-1D50C 1D515 1D51D 1D53A 1D53F 1D545 1D547-1D549 1D551 1D6A6-1D6A7 1D7CC-1D7CD 1D800-1DFFF 1E007 1E019-1E01A 1E022
        1E025 1E02B-1E8CF 1E8D7-1E943 1E94B-1EDFF 1EE04 1EE20 1EE23 1EE25-1EE26 1EE28 1EE33 1EE38 1EE3A 1EE3C-1EE41 1EE43-1EE46
        1EE48 1EE4A 1EE4C 1EE50 1EE53 1EE55-1EE56 1EE58 1EE5A 1EE5C 1EE5E 1EE60 1EE63 1EE65-1EE66 1EE6B 1EE73 1EE78 1EE7D 1EE7F
        1EE8A 1EE9C-1EEA0 1EEA4 1EEAA 1EEBC-1F0FF 1F10B-1F10F 1F12F 1F16C-1F18F 1F191-1F1FF 1F203-1F20F 1F23C-1F23F 1F249-1F24F
        1F252-20121 2A601-2F7FF 2FA1E-10FFFF
        """;

    private static readonly (int[] First, int[] Last) Ranges = Read();

    public static bool Contains(int codePoint)
    {
        var at = Array.BinarySearch(Ranges.First, codePoint);
        if (at < 0) at = ~at - 1;
        return at >= 0 && codePoint <= Ranges.Last[at];
    }

    private static (int[], int[]) Read()
    {
        var ends = Stretches.Split((char[])[' ', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries).Select(s => s.Split('-')).ToArray();
        return (ends.Select(e => Number(e[0])).ToArray(), ends.Select(e => Number(e[^1])).ToArray());
    }

    private static int Number(string hexadecimal) => int.Parse(hexadecimal, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
