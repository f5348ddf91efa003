using System.Text.RegularExpressions;
using ViSurf.Core.Tests.Support;

namespace ViSurf.Core.Tests.Architecture;

/// <summary>A C# file under src, as far as the house rules look at it.</summary>
/// <param name="Path">Relative to src, with "/": <c>ViSurf.Core/Training/Trainer.cs</c>.</param>
/// <param name="Lines">Number of lines.</param>
/// <param name="Code">Its text without comments and without the content of strings.</param>
internal sealed partial record SourceFile(string Path, int Lines, string Code)
{
    /// <summary>Of ViSurf.Core: its folder without the project, <c>Models/Images</c>; empty at the top.</summary>
    public string Folder => string.Join('/', Path.Split('/')[1..^1]);

    public string Namespace => NamespaceLine().Match(Code).Groups[1].Value;

    /// <summary>The folders whose namespaces it names, in using lines or in full, its own left out.</summary>
    public IEnumerable<string> Uses(IEnumerable<string> folders)
    {
        var deepestFirst = folders.OrderByDescending(f => f.Length).ToArray();
        return LibraryName().Matches(NamespaceLine().Replace(Code, "")).Select(m => m.Groups[1].Value.Replace('.', '/') + "/")
            .Select(name => deepestFirst.FirstOrDefault(f => name.StartsWith(f + "/", StringComparison.Ordinal)) ?? name)
            .Where(f => f != Folder).Distinct();
    }

    /// <summary>Whether it can touch a tensor: every way to one goes through this name.</summary>
    public bool SeesTorch => Has("TorchSharp");

    public bool Has(string word) => Regex.IsMatch(Code, $@"\b{word}\b");

    public override string ToString() => Path;

    /// <summary>All files under src, generated ones left out.</summary>
    public static IReadOnlyList<SourceFile> All() => Below("src");

    /// <summary>All files below a folder of the repository, generated ones left out; paths are relative to it.</summary>
    public static IReadOnlyList<SourceFile> Below(params string[] folder)
    {
        var root = Repository.PathOf(folder);
        return Directory.GetFiles(root, "*.cs", SearchOption.AllDirectories)
            .Select(file => (File: file, Path: System.IO.Path.GetRelativePath(root, file).Replace('\\', '/')))
            .Where(f => !f.Path.Split('/').Any(part => part is "bin" or "obj"))
            .OrderBy(f => f.Path, StringComparer.Ordinal)
            .Select(f => Read(f.Path, File.ReadAllText(f.File))).ToArray();
    }

    public static SourceFile Read(string path, string text)
        => new(path, text.Split('\n').Length, CommentsAndStrings().Replace(text, m => m.Value.StartsWith('/') ? "" : "\"\""));

    [GeneratedRegex(@"//[^\n]*|/\*.*?\*/|""""""[\s\S]*?""""""|@""(?:[^""]|"""")*""|""(?:\\.|[^""\\\n])*""|'""'", RegexOptions.Singleline)]
    private static partial Regex CommentsAndStrings();

    [GeneratedRegex(@"\bViSurf\.Core\.([\w.]+)")]
    private static partial Regex LibraryName();

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();
}
