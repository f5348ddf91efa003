// Compiled twice: by MSBuild's RoslynCodeTaskFactory while building a user's project (netstandard2.0, so plain C#), and into our tests,
// which leave the task class out.
using System;
using System.Collections.Generic;
using System.IO;

namespace ViSurf.BuildSteps
{
    /// <summary>Marks a symbol version that an ELF file needs as weak: the loader then does without when the library lacks it.</summary>
    public static class ElfSymbolVersion
    {
        private const uint VersionNeeds = 0x6ffffffe; // SHT_GNU_verneed
        private const ushort Weak = 2;                // VER_FLG_WEAK

        public enum Outcome
        {
            /// <summary>The file does not ask for that version.</summary>
            NotNeeded,

            /// <summary>The entry is weak already.</summary>
            AlreadyWeak,

            /// <summary>The entry was made weak, in memory.</summary>
            MadeWeak,
        }

        /// <summary>Changes at most two bytes of <paramref name="elf"/>.</summary>
        /// <exception cref="FormatException">Not a complete 64-bit little-endian ELF file; says where.</exception>
        public static Outcome Weaken(byte[] elf, string version)
        {
            if (elf.Length < 64 || elf[0] != 0x7f || elf[1] != 'E' || elf[2] != 'L' || elf[3] != 'F') throw new FormatException("offset 0: not an ELF file");
            if (elf[4] != 2 || elf[5] != 1) throw new FormatException("offset 4: not a 64-bit little-endian ELF file");
            ulong table = U64(elf, 0x28);
            uint size = U16(elf, 0x3a), count = U16(elf, 0x3c);
            if (count > 0 && size < 64) throw new FormatException("offset 58: section headers of " + size + " bytes");
            var outcome = Outcome.NotNeeded;
            for (uint i = 0; i < count; i++)
            {
                ulong header = checked(table + i * size);
                Require(elf, header, 64);
                if (U32(elf, header + 4) != VersionNeeds) continue;
                ulong link = U32(elf, header + 40);
                if (link >= count) throw new FormatException("offset " + (header + 40) + ": string table " + link + " of " + count + " sections");
                var found = WeakenIn(elf, U64(elf, header + 24), U64(elf, header + 32), U64(elf, checked(table + link * size) + 24), version);
                if (found > outcome) outcome = found;
            }
            return outcome;
        }

        /// <summary>Whether the first library of that name on the loader's usual paths defines the version; null when there is none.</summary>
        public static bool? SystemDefines(string library, string version)
        {
            var paths = new List<string>((Environment.GetEnvironmentVariable("LD_LIBRARY_PATH") ?? "").Split(':'));
            foreach (var root in new[] { "/lib", "/usr/lib" })
                foreach (var part in new[] { "64", "/x86_64-linux-gnu", "/aarch64-linux-gnu", "" }) paths.Add(root + part);
            foreach (var path in paths)
            {
                if (path.Length == 0) continue;
                var file = Path.Combine(path, library);
                // Version names stand in the string table, each closed by a zero.
                if (File.Exists(file)) return IndexOf(File.ReadAllBytes(file), System.Text.Encoding.ASCII.GetBytes("\0" + version + "\0")) >= 0;
            }
            return null;
        }

        /// <summary>Weakens the version in a file. Writes beside it and renames, so that a hard link into the package cache is not touched.</summary>
        public static Outcome WeakenFile(string path, string version)
        {
            var elf = File.ReadAllBytes(path);
            var outcome = Weaken(elf, version);
            if (outcome != Outcome.MadeWeak) return outcome;
            var written = File.GetLastWriteTimeUtc(path);
            var partial = path + ".visurf";
            try
            {
                File.WriteAllBytes(partial, elf);
                // The original's time: the next build sees an unchanged copy and leaves it alone.
                File.SetLastWriteTimeUtc(partial, written);
                File.Delete(path);
                File.Move(partial, path);
            }
            finally
            {
                File.Delete(partial);
            }
            return outcome;
        }

        private static Outcome WeakenIn(byte[] elf, ulong start, ulong size, ulong strings, string version)
        {
            var outcome = Outcome.NotNeeded;
            ulong need = start, end = checked(start + size);
            while (true)
            {
                Require(elf, need, 16);
                uint entries = U16(elf, need + 2), next = U32(elf, need + 12);
                ulong entry = checked(need + U32(elf, need + 8));
                for (uint i = 0; i < entries; i++)
                {
                    Require(elf, entry, 16);
                    if (Matches(elf, checked(strings + U32(elf, entry + 8)), version))
                    {
                        if ((elf[entry + 4] & Weak) != 0) return Outcome.AlreadyWeak;
                        elf[entry + 4] |= (byte)Weak;
                        outcome = Outcome.MadeWeak;
                    }
                    uint step = U32(elf, entry + 12);
                    if (step == 0) break;
                    entry = checked(entry + step);
                }
                if (next == 0) return outcome;
                // Offsets only grow, and never past the section: a chain that loops or runs away ends here.
                need = checked(need + next);
                if (need >= end) throw new FormatException("offset " + need + ": version needs run past their section, which ends at " + end);
            }
        }

        private static bool Matches(byte[] elf, ulong at, string text)
        {
            Require(elf, at, (ulong)text.Length + 1);
            for (var i = 0; i < text.Length; i++)
                if (elf[at + (ulong)i] != text[i]) return false;
            return elf[at + (ulong)text.Length] == 0;
        }

        private static void Require(byte[] elf, ulong at, ulong count)
        {
            if (at > (ulong)elf.Length || count > (ulong)elf.Length - at) throw new FormatException("offset " + at + ": the file ends at " + elf.Length);
        }

        private static ushort U16(byte[] elf, ulong at)
        {
            Require(elf, at, 2);
            return (ushort)(elf[at] | elf[at + 1] << 8);
        }

        private static uint U32(byte[] elf, ulong at)
        {
            return U16(elf, at) | (uint)U16(elf, at + 2) << 16;
        }

        private static ulong U64(byte[] elf, ulong at)
        {
            return U32(elf, at) | (ulong)U32(elf, at + 4) << 32;
        }

        private static int IndexOf(byte[] bytes, byte[] what)
        {
            for (var i = 0; i + what.Length <= bytes.Length; i++)
            {
                var k = 0;
                while (k < what.Length && bytes[i + k] == what[k]) k++;
                if (k == what.Length) return i;
            }
            return -1;
        }
    }
}

#if !VISURF_TESTS
/// <summary>The build step: silent unless it changes a file or finds one it cannot read.</summary>
public class WeakenSymbolVersion : Microsoft.Build.Utilities.Task
{
    /// <summary>Files to change where needed.</summary>
    [Microsoft.Build.Framework.Required]
    public string[] Files { get; set; }

    /// <summary>The library that should define the version.</summary>
    [Microsoft.Build.Framework.Required]
    public string Library { get; set; }

    /// <summary>The version.</summary>
    [Microsoft.Build.Framework.Required]
    public string Version { get; set; }

    /// <summary>Weakens the version whatever this system's library defines: the files will run elsewhere.</summary>
    public bool Always { get; set; }

    public override bool Execute()
    {
        if (!Always && ViSurf.BuildSteps.ElfSymbolVersion.SystemDefines(Library, Version) == true) return true;
        foreach (var file in Files)
        {
            try
            {
                if (ViSurf.BuildSteps.ElfSymbolVersion.WeakenFile(file, Version) == ViSurf.BuildSteps.ElfSymbolVersion.Outcome.MadeWeak)
                    Log.LogMessage(Microsoft.Build.Framework.MessageImportance.High,
                        "ViSurf.Core: {0} now also loads where {2} lacks {1} (ViSurfPatchTorchSharp=false turns this off)", file, Version, Library);
            }
            catch (Exception e)
            {
                if (!(e is FormatException || e is OverflowException || e is IOException || e is UnauthorizedAccessException)) throw;
                Log.LogError("ViSurf.Core: expected a complete ELF file to make {0} weak in, got '{1}': {2}. Restore the package again, or set ViSurfPatchTorchSharp=false.", Version, file, e.Message);
            }
        }
        return !Log.HasLoggedErrors;
    }
}
#endif
