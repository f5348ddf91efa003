using System.Diagnostics;
using ViSurf.Core.Data;
using ViSurf.Core.Fuzz.Making;
using ViSurf.Core.Models.Adapters;
using ViSurf.Core.Models.Images;
using ViSurf.Core.Models.QwenVl;

namespace ViSurf.Core.Fuzz.Surfaces;

/// <summary>
/// Pipes, devices, folders, links, empty and endless files in the place of every file of a checkpoint, an adapter or a row.
/// </summary>
internal sealed class SpecialFilesSurface : ISurface
{
    private static readonly (string Folder, string File)[] Places =
    [
        .. new[] { "config.json", "preprocessor_config.json", "processor_config.json", "tokenizer.json", "tokenizer_config.json",
            "vocab.json", "merges.txt", "generation_config.json", "chat_template.jinja", "chat_template.json", "model.safetensors",
            "model.safetensors.index.json" }.Select(f => ("qwen2_5_vl", f)),
        ("qwen2_5_vl_lora", "adapter_config.json"), ("qwen2_5_vl_lora", "adapter_model.safetensors"), ("rows", "rows.jsonl"),
        ("rows", "picture.png"),
    ];

    private static readonly string[] Kinds = ["pipe", "zero", "folder", "out", "loop", "nowhere", "empty", "mark", "random", "large"];

    public SpecialFilesSurface()
    {
        File.WriteAllText("outside", "{}");
        Directory.CreateDirectory("rows");
        File.WriteAllText(Path.Combine("rows", "rows.jsonl"), """{"id": "row-7", "image": "picture.png", "problem": "q", "answer": "a"}""");
        File.Copy(Fixture.PathOf("images", "1.png"), Path.Combine("rows", "picture.png"));
    }

    public void Try(Attempt attempt)
    {
        var ((folder, file), kind) = (attempt.Dice.Of(Places), attempt.Dice.Of(Kinds));
        if (!Directory.Exists(folder)) Fixture.Copy(folder, folder);
        var (path, aside) = (Path.Combine(folder, file), "aside");
        var there = File.Exists(path);
        if (there) File.Move(path, aside);
        attempt.Count();
        attempt.Note("input.txt", $"{folder}/{file} is {kind}");
        Make(attempt.Dice, kind, path, there ? File.ReadAllBytes(aside) : []);
        try
        {
            attempt.Refusable(() => Use(folder), folder, file, "row-7");
        }
        finally
        {
            if (Directory.Exists(path) && new FileInfo(path).LinkTarget is null) Directory.Delete(path);
            else File.Delete(path);
            if (there) File.Move(aside, path);
        }
    }

    public void Dispose()
    {
    }

    private static void Make(Dice dice, string kind, string path, byte[] whole)
    {
        switch (kind)
        {
            case "pipe":
                using (var made = Process.Start("mkfifo", [path])!) made.WaitForExit();
                break;
            case "folder":
                Directory.CreateDirectory(path);
                break;
            case "zero" or "out" or "loop" or "nowhere":
                File.CreateSymbolicLink(path, kind switch { "zero" => "/dev/zero", "out" => Path.GetFullPath("outside"),
                    "loop" => Path.GetFileName(path), _ => "nothing-here" });
                break;
            case "mark":   // a byte order mark before a whole file
                File.WriteAllBytes(path, [0xEF, 0xBB, 0xBF, .. whole]);
                break;
            case "large":
                using (var file = File.Create(path)) file.SetLength(70_000_000L);
                break;
            default:
                File.WriteAllBytes(path, kind == "empty" ? [] : dice.Bytes(dice.Size(3000)));
                break;
        }
    }

    private static void Use(string folder)
    {
        if (folder == "rows")
        {
            foreach (var row in JsonLinesDataset.Load(Path.Combine("rows", "rows.jsonl")))
                foreach (var image in row.Images)
                {
                    _ = PictureSize.Of(image);
                    _ = new SkiaImageDecoder().Decode(image);
                }
            return;
        }
        if (folder == "qwen2_5_vl") _ = QwenPromptEncoder.Load(folder);
        using var policy = QwenVlPolicy.Load(folder == "qwen2_5_vl" ? folder : Fixture.PathOf("qwen2_5_vl"));
        if (folder != "qwen2_5_vl") LoraAdapter.Load(policy, folder).Dispose();
    }
}
