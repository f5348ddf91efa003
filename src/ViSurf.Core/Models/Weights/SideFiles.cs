using ViSurf.Core.Common;

namespace ViSurf.Core.Models.Weights;

/// <summary>
/// What a checkpoint directory holds beside its weights, kept in memory from loading to saving: <c>config.json</c>, tokenizer, chat
/// template, processor and generation settings, licence. So a save is complete even when the directory it began from has gone,
/// as old checkpoints do in a long run.
/// </summary>
/// <remarks>
/// By kind, not by name, so that files of a family yet to come are carried over: json, txt, jinja, model and tiktoken files of at most
/// 64 MiB (<see cref="BoundedFile.SideFileLimit"/>), and LICENSE, NOTICE. Not carried over: weights of any format and their index, folders, hidden files, the model card
/// (it describes the weights that were loaded).
/// </remarks>
internal sealed class SideFiles
{
    private const string ConfigFile = "config.json";
    private static readonly string[] Extensions = [".json", ".txt", ".jinja", ".model", ".tiktoken"];
    private static readonly string[] Notices = ["LICENSE", "LICENCE", "NOTICE"];

    private readonly IReadOnlyList<(string Name, byte[] Content)> _files;

    private SideFiles(IReadOnlyList<(string Name, byte[] Content)> files) => _files = files;

    /// <summary>Their names, config.json among them.</summary>
    public IEnumerable<string> Names => _files.Select(f => f.Name);

    /// <exception cref="InvalidDataException">A file is a link out of the directory, or longer than any side file.</exception>
    public static SideFiles Read(string directory)
    {
        var real = LinkRule.RealDirectory(directory);
        var names = Directory.EnumerateFiles(real).Select(p => Path.GetFileName(p)).Where(IsSide).Order(StringComparer.Ordinal);
        return new SideFiles([.. names.Select(name => (name, BoundedFile.Read(LinkRule.FileIn(real, name))))]);
    }

    /// <summary>A file's bytes, or null.</summary>
    public byte[]? Find(string name) => _files.FirstOrDefault(f => f.Name == name).Content;

    /// <summary>The same with one file written anew; null leaves it out.</summary>
    public SideFiles With(string name, byte[]? content)
    {
        var others = _files.Where(f => f.Name != name);
        return new([.. content is null ? others : others.Append((name, content)).OrderBy(f => f.Item1, StringComparer.Ordinal)]);
    }

    /// <summary>Writes all of them byte for byte; config.json names the stored dtype, and changes only where it named another.</summary>
    public void Write(string directory, TorchSharp.torch.ScalarType stored)
    {
        foreach (var (name, content) in _files)
            File.WriteAllBytes(Path.Combine(directory, name), name == ConfigFile ? ConfigType.Name(content, stored) : content);
    }

    private static bool IsSide(string name)
        => !name.StartsWith('.') && !name.EndsWith(".index.json", StringComparison.OrdinalIgnoreCase)
            && (Extensions.Contains(Path.GetExtension(name), StringComparer.OrdinalIgnoreCase)
                || Notices.Any(notice => name.StartsWith(notice, StringComparison.OrdinalIgnoreCase)));
}
